import re

text = "On 2024-02-29 at 13:05, bob@example.com paid $1,234.50; on 2023-12-01 al.x@test.org paid $7."
print(re.findall(r"\d{4}-\d\d-\d\d", text))
m = re.search(r"(?P<user>[\w.]+)@(?P<host>[\w.]+\.\w+)", text)
print(m.groupdict(), m.span("host"), m["user"], m.lastgroup)
print([m.group() for m in re.finditer(r"\$[\d,]+(?:\.\d+)?", text)])
print(re.sub(r"(\d{4})-(\d\d)-(\d\d)", r"\3/\2/\1", text)[:20])
print(re.sub(r"\$([\d,.]+\d)", lambda m: f"[{float(m[1].replace(',', '')) * 2}]", text)[33:])
print(re.split(r"\s*[;,]\s*", "a ,b;  c;d"), re.split(r"(-)", "1-2-3", maxsplit=1))
print(re.match(r"(?i)ON", text) is not None, re.fullmatch(r"[a-z]+", "abc1"), re.escape("a.b*c"))
rx = re.compile(r"""
    (?P<sign>[+-])?      # sign
    (?P<int>\d+)
    (?:\.(?P<frac>\d*))? # fraction
""", re.VERBOSE)
print(rx.fullmatch("-12.50").groups(), rx.fullmatch("7").groupdict(), rx.groups)
print(re.findall(r"(?<=\$)\d+|\d+(?=:)", text), re.findall(r"\b(\w)\w*\1\b", "stats noon hello dad"))
print(re.sub(r"(?m)^(?=\S)", "> ", "a\nb\n\nc"), re.findall(r"a.+?c", "abcabc"), re.findall(r"(?s)a.c", "a\nc"))
print(re.subn("o", "0", "foo boo"), re.findall(r"(?>a+)b|a", "aab aaa"), re.findall(r"x*+y", "xxy"))
print(re.findall(r"[^\W\d_]+", "naïve café_1 日本"), re.findall(r"\w+", "naïve", re.ASCII))
try:
    re.compile(r"(unclosed")
except re.error as e:
    print(e.msg, e.pos)
