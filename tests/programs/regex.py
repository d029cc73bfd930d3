# Programs of one subject; a line `#%% NAME` begins each, `#%% NAME (whole)` one that is not cut into runs of a session.
#%% finding
import re
text = "Call 555-1234 or (555) 987-6543, email a.b@c.org or x@y.co.uk"
print(re.findall(r"\d{3}-\d{4}", text), re.findall(r"([\w.]+)@([\w.]+)", text), re.search(r"\((\d+)\)", text).groups())
m = re.search(r"(?P<user>[\w.]+)@(?P<host>[\w.]+)", text)
print(m, m.group("user"), m["host"], m.span(), m.groupdict(), m.start("host"), m.lastgroup, m.pos, m.expand(r"\g<host>!\1"))
re.match("x", "abc")
#%% substituting
import re
print(re.sub(r"(\w+) (\w+)", r"\2 \1", "hello world"), re.sub(r"\d+", lambda m: str(int(m[0]) * 2), "a1b22"), re.subn("a", "b", "banana", count=2), re.sub("", "-", "abc"), re.sub(r"(?i)HELLO", "bye", "Hello"))
print(re.split(r"[,;]\s*", "a, b;c,d"), re.split(r"(\d)", "a1b2c"), re.split(r"\b", "hi there"), re.escape("a.b*c [d]"))
re.sub("(a)", 5, "a")
#%% flags
import re
t = "First line\nsecond LINE\nthird"
print(re.findall("^.*line$", t, re.M | re.I), re.findall("first.*third", t, re.S | re.I), re.fullmatch(r"""
    (\w+)  # a word
    \s     # a gap
    """, "x ", re.X), re.findall(r"\w+", "naïve café", re.A), re.findall(r"\w+", "naïve café"))
print(re.compile("a", re.I | re.M), re.I | re.X, re.compile(b"\\d").findall(b"a1"))
#%% groups that look around
import re
print(re.findall(r"(?<=\$)\d+(?=\.)", "$12.50 $7 $8.1"), re.sub(r"(?<!\d)(\d)(?!\d)", r"<\1>", "1 22 3"), re.findall(r"(?:ab)+", "ababx ab"), re.search(r"(\w)\1", "hello"), re.findall(r"(a)|(b)", "ab"))
print(re.sub(r"(\d)(?=(\d{3})+$)", r"\1,", "1234567"), re.match(r"(?P<q>['\"]).*?(?P=q)", "'it' 'x'"), re.search(r"(?>a+)b", "aaab"), re.findall(r"a++b", "aab"))
#%% greedy or not
import re
html = "<b>one</b><b>two</b>"
print(re.findall("<b>.*</b>", html), re.findall("<b>(.*?)</b>", html), re.findall("<[^>]+>", html), re.search("a{2,3}?", "aaaa"), re.search("x*", "aaa"))
#%% errors of patterns
import re
for p in ("(", "[a", "*a", "a{2,1}", "(?P<1>x)", r"\1", "(?P<a>x)(?P<a>y)", "(?z)", "a**", r"(?<=a*)b", "\\"):
    try:
        re.compile(p)
    except re.error as e:
        print(repr(p), e.msg, e.pos)
#%% iterating and scanning
import re
for m in re.finditer(r"(?P<key>\w+)=(?P<val>\"[^\"]*\"|\S+)", 'a=1 b="two words" c=x'):
    print(m.start(), m.groupdict())
s = re.Scanner([(r"\d+", lambda s, t: int(t)), (r"\w+", lambda s, t: t), (r"\s+", None)])
print(s.scan("10 apples and 3 pears!"))
p = re.compile("b")
p.search("abcb", 2).span(), p.pattern, p.groups, p.sub("x", "abb", 1)
#%% markdown to html
import re
md = "# Title\n\nSome *emphasis* and **bold** with `code` and [link](http://x.y).\n\n- one\n- two\n"
rules = [(r"^# (.*)$", r"<h1>\1</h1>"), (r"\*\*(.+?)\*\*", r"<b>\1</b>"), (r"\*(.+?)\*", r"<i>\1</i>"), (r"`(.+?)`", r"<code>\1</code>"), (r"\[(.+?)\]\((.+?)\)", r'<a href="\2">\1</a>'), (r"^- (.*)$", r"<li>\1</li>")]
for pattern, repl in rules:
    md = re.sub(pattern, repl, md, flags=re.M)
print(md)
#%% validators
import re
checks = {"ipv4": r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}", "date": r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "hex": r"#(?:[0-9a-f]{3}){1,2}", "pw": r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z]).{8,}"}
samples = ["192.168.1.1", "256.1.1.1", "2024-02-30", "2024-13-01", "#fff", "#12345", "Passw0rdX", "weak"]
for name, p in checks.items():
    print(name, [s for s in samples if re.fullmatch(p, s)])
#%% unicode classes
import re
print(re.findall(r"[^\W\d_]+", "abc123 déjà_vu 日本語 Ω"), re.findall(r"\d", "1٢३"), re.match(r"\s", "\u3000") is not None, re.search("ſ", "S", re.I), re.fullmatch("(?i)straße", "STRASSE"), re.findall("(?i)k", "K\u212a"))
#%% logs by regex
import re
from collections import Counter
log = '127.0.0.1 - - [10/Oct/2023:13:55:36] "GET /a.gif HTTP/1.0" 200 2326\n10.1.1.1 - bob [10/Oct/2023:14:00:00] "POST /b HTTP/1.1" 404 -'
pattern = re.compile(r'(?P<ip>\S+) \S+ (?P<user>\S+) \[(?P<at>[^\]]+)\] "(?P<verb>\w+) (?P<path>\S+) [^"]*" (?P<status>\d{3}) (?P<size>\d+|-)')
rows = [m.groupdict() for m in map(pattern.match, log.splitlines())]
print(rows, Counter(r["status"][0] for r in rows))
