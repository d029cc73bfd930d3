# Programs of one subject; a line `#%% NAME` begins each, `#%% NAME (whole)` one that is not cut into runs of a session.
#%% word frequency
from collections import Counter
text = """It was the best of times, it was the worst of times,
it was the age of wisdom, it was the age of foolishness"""
words = [w.strip(",.").lower() for w in text.split()]
counts = Counter(words)
for word, n in counts.most_common(5):
    print(f"{word:<12}{n:>3}")
print(len(counts), sum(counts.values()))
counts.total()
#%% caesar cipher
def shift(text, n):
    out = []
    for ch in text:
        if ch.isalpha():
            base = ord("A") if ch.isupper() else ord("a")
            out.append(chr((ord(ch) - base + n) % 26 + base))
        else:
            out.append(ch)
    return "".join(out)
secret = shift("Hello, World!", 13)
print(secret, shift(secret, -13))
#%% palindromes
import re
def is_palindrome(s):
    s = re.sub(r"[^a-z0-9]", "", s.lower())
    return s == s[::-1]
for s in ["A man, a plan, a canal: Panama", "race a car", "", "Was it a car or a cat I saw?"]:
    print(repr(s), is_palindrome(s))
#%% wrapping a paragraph
import textwrap
text = "The quick brown fox jumped over the lazy dog. " * 4 + "Supercalifragilisticexpialidocious words are long."
print(textwrap.fill(text, width=40, initial_indent="* ", subsequent_indent="  "))
print(textwrap.shorten(text, width=50, placeholder=" [...]"))
print(textwrap.dedent("""
    def f():
        return 1
    """).strip())
print(textwrap.indent("a\n\nb\n", "> ", lambda line: True))
#%% diff of two texts
import difflib
old = "one\ntwo\nthree\nfour\n".splitlines(keepends=True)
new = "one\ntwo and a half\nthree\nfive\nfour\n".splitlines(keepends=True)
print("".join(difflib.unified_diff(old, new, "old.txt", "new.txt")))
print("".join(difflib.ndiff(old, new)))
matcher = difflib.SequenceMatcher(None, "private Thread currentThread;", "private volatile Thread currentThread;")
print(round(matcher.ratio(), 3))
difflib.get_close_matches("appel", ["ape", "apple", "peach", "puppy"])
#%% slugs and case
import re
def slugify(title):
    return re.sub(r"[\s_-]+", "-", re.sub(r"[^\w\s-]", "", title.lower())).strip("-")
def camel_to_snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
print(slugify("  Hello, World! It's -- me_again "))
print([camel_to_snake(n) for n in ("HTTPServer", "camelCase", "Simple")])
print("hello world".title(), "they're bill's".title(), "ß".upper(), "ǆ".title(), "İ".lower().encode())
#%% table printed by hand
rows = [("apple", 3, 1.5), ("kiwi", 12, 0.25), ("dragon fruit", 1, 12.0)]
widths = [max(len(str(r[i])) for r in rows) for i in range(3)]
print("+" + "+".join("-" * (w + 2) for w in widths) + "+")
for name, count, price in rows:
    print(f"| {name:<{widths[0]}} | {count:>{widths[1]}} | {price:>{widths[2]}.2f} |")
total = sum(c * p for _, c, p in rows)
print(f"{'total':>20}: {total:,.2f}")
#%% templates
from string import Template
t = Template("Dear $name, you owe ${amount} to $$corp.")
print(t.substitute(name="Ann", amount="5 EUR"))
print(t.safe_substitute(name="Bob"))
try:
    t.substitute(name="Carl")
except KeyError as error:
    print("missing", error)
print(sorted(set(t.pattern.findall("$a ${b} $$"))) [:2])
#%% tokenizing an expression
import re
def tokens(s):
    spec = [("NUM", r"\d+(\.\d*)?"), ("OP", r"[+\-*/()]"), ("SKIP", r"\s+"), ("BAD", r".")]
    for m in re.finditer("|".join(f"(?P<{n}>{p})" for n, p in spec), s):
        if m.lastgroup == "BAD":
            raise SyntaxError(f"unexpected {m.group()!r} at {m.start()}")
        if m.lastgroup != "SKIP":
            yield m.lastgroup, m.group()
print(list(tokens("3.5 * (2 + 1)")))
print(list(tokens("3 $ 4")))
#%% levenshtein distance
from functools import lru_cache
def distance(a, b):
    @lru_cache(maxsize=None)
    def d(i, j):
        if i == 0 or j == 0:
            return i + j
        return min(d(i - 1, j) + 1, d(i, j - 1) + 1, d(i - 1, j - 1) + (a[i - 1] != b[j - 1]))
    result = d(len(a), len(b))
    print(d.cache_info())
    return result
print(distance("kitten", "sitting"), distance("", "abc"), distance("flaw", "lawn"))
#%% split and partition
s = "key = value = more"
print(s.partition("="), s.rpartition("="), s.split("=", 1), s.rsplit(None, 1))
print("a,b,,c,".split(","), "  a  b ".split(), "".split(), "".split(","), "a\nb\r\nc\x0bd\x1ce\u2028f".splitlines())
print("abc".removeprefix("a").removesuffix("c"), "x".join("abc"), "tab\tbed".expandtabs(4))
try:
    "abc".split("")
except ValueError as e:
    print(type(e).__name__, e)
#%% translate tables
table = str.maketrans("abc", "xyz", "!?")
print("aabbcc!?d".translate(table), table)
rot = str.maketrans({i: chr((i - 97 + 13) % 26 + 97) for i in range(97, 123)})
print("uryyb".translate(rot))
print("naïve café".translate({ord("ï"): "i", ord("é"): None}))
print(bytes.maketrans(b"ab", b"xy")[95:100], b"abba".translate(None, b"b"))
#%% roman numerals
def to_roman(n):
    pairs = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]
    out = ""
    for value, sign in pairs:
        while n >= value:
            out += sign
            n -= value
    return out
print([to_roman(n) for n in (1, 4, 9, 14, 40, 90, 400, 1994, 2024, 3999)])
assert to_roman(0) == "I", f"zero has no sign: {to_roman(0)!r}"
#%% justify text
def justify(words, width):
    line, length = [], 0
    for w in words + [None]:
        if w is None or length + len(w) + len(line) > width:
            gaps = max(1, len(line) - 1)
            spaces = width - length
            if w is None:
                yield " ".join(line).ljust(width)
                return
            yield "".join(word + " " * (spaces // gaps + (i < spaces % gaps) if i < len(line) - 1 or len(line) == 1 else 0) for i, word in enumerate(line))
            line, length = [], 0
        line.append(w)
        length += len(w)
for row in justify("This is an example of text justification done by hand".split(), 16):
    print(f"|{row}|")
#%% anagram groups
from collections import defaultdict
groups = defaultdict(list)
for word in ["listen", "silent", "enlist", "google", "elgoog", "abc", "cab", "tinsel"]:
    groups["".join(sorted(word))].append(word)
for key, words in sorted(groups.items()):
    print(key, words)
groups["none"]
len(groups), max(map(len, groups.values()))
#%% html escape and unescape
import html
from html.parser import HTMLParser
class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []
    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.found.append(dict(attrs).get("href"))
    def handle_data(self, data):
        if data.strip():
            print("text:", data.strip())
p = Links()
p.feed('<p>See <a href="/x?a=1&amp;b=2">this</a> and <a href=\'y\'>that &lt;one&gt;</a></p>')
print(p.found, html.escape("<a href='x'>\"&\"</a>"), html.unescape("&eacute;&#x41;&#66;&nbsp;x&unknown;").encode())
#%% run length encoding
from itertools import groupby
def encode(s): return "".join(f"{len(list(g))}{c}" for c, g in groupby(s))
def decode(s):
    import re
    return "".join(c * int(n) for n, c in re.findall(r"(\d+)(\D)", s))
for s in ("AAABBC", "", "zzzzzzzzzzzz"):
    print(repr(s), encode(s), decode(encode(s)) == s)
#%% vowels and histogram
text = "Programming in Python is pleasant"
hist = {}
for ch in text.lower():
    if ch.isalpha():
        hist[ch] = hist.get(ch, 0) + 1
for ch, n in sorted(hist.items(), key=lambda kv: (-kv[1], kv[0]))[:6]:
    print(f"{ch} {'#' * n:<6} {n / len(text):.1%}")
sum(hist[v] for v in "aeiou" if v in hist)
#%% morse code
CODE = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..".split()))
back = {v: k for k, v in CODE.items()}
def to_morse(s): return " / ".join(" ".join(CODE[c] for c in w) for w in s.upper().split())
m = to_morse("sos we sink")
print(m, "".join(" " if p == "/" else back[p] for p in m.split()))
to_morse("no 1")
#%% csv of words to aligned columns
import textwrap, csv, io
data = "name,role,notes\nAnn,lead,likes long sentences that must wrap\nBob,dev,\n"
for row in csv.DictReader(io.StringIO(data)):
    notes = textwrap.wrap(row["notes"], 15) or ["-"]
    print(f"{row['name']:<6}{row['role']:>6}  {notes[0]}")
    for more in notes[1:]:
        print(" " * 14 + more)
