# Programs of one subject; a line `#%% NAME` begins each, `#%% NAME (whole)` one that is not cut into runs of a session.
#%% format specs
for spec in ("d", ",", "_", "08d", "+d", "x", "#b", "e", ".2f", "%", "<10", "^10", "*>10", "c", "n"):
    print(f"{spec!r:10}|{format(1234, spec)}|")
for spec in ("", ".3", "g", ".10g", "e", "010.2f", "+.1%", ",.2f", "n", "F", "z.1f"):
    print(f"{spec!r:10}|{format(-1234.5678, spec)}|")
#%% percent formatting
print("%5d|%-5d|%05d|%+d|%x|%o|%e|%g|%s|%r|%c|%%" % (42, 42, 42, 42, 255, 8, 1234.5, 0.0001, "s", "r", "c"))
print("%(name)s is %(age)d" % {"name": "Ann", "age": 30}, "%.3s|%*d" % ("abcdef", 6, 42), "%s %s" % ((1, 2), [3]), "%#x %#o" % (255, 8))
for bad in (("%d", "x"), ("%s %s", ("a",)), ("%d", (1, 2))):
    try:
        print(bad[0] % bad[1])
    except TypeError as e:
        print(type(e).__name__)
#%% f-strings
name, n, x = "World", 7, 3.14159
width, prec = 12, 3
print(f"{name!r:>{width}}|{x:{width}.{prec}f}|{n=}|{x * 2 = :.2f}|{{braces}}|{name[0]}{name[-1]!a}|{n:03}|{'é'!a}")
d = {"k": [1, 2]}
print(f"{d['k'][0]} {sum(d['k'])} {', '.join(str(i) for i in d['k'])} {(lambda v: v + 1)(n)} {n if n > 5 else 'small'}")
import datetime
f"{datetime.date(2024, 3, 1):%d %B %Y}"
#%% str.format
print("{} {1}".format("a", "b") if False else "{0} {1} {0}".format("a", "b"))
print("{a.real} {b[0]} {c[key]}".format(a=3 + 4j, b=[1], c={"key": "v"}), "{:>{w}}".format("x", w=5), "{!r} {!s}".format("q", "q"))
for text, args in (("{} {}", ("a",)), ("{x}", ()), ("{:d}", ("s",)), ("{0.nope}", (1,)), ("{", ())):
    try:
        print(text.format(*args))
    except Exception as e:
        print(type(e).__name__, e)
#%% own format method
class Money:
    def __init__(self, cents):
        self.cents = cents
    def __format__(self, spec):
        if spec == "plain":
            return str(self.cents)
        return f"{self.cents / 100:{spec or '.2f'}} EUR"
m = Money(123456)
print(f"{m}", f"{m:,.1f}", "{:plain}".format(m), format(m))
#%% repr of containers
import collections
print([1, "two", 3.0, None, True, b"x", (1,), {"k": {1}}, frozenset(), set(), range(3), slice(1, 2)])
x = [1]; x.append(x); d = {}; d["self"] = d
print(x, d, collections.deque([1, 2], maxlen=3), collections.Counter("aab"), collections.defaultdict(list, {1: [2]}), collections.ChainMap({}, {"a": 1}))
print(repr("it's"), repr('say "hi"'), repr("both ' and \""), repr("tab\t nul\0 é \x7f \u200b 😀 \ud800"), ascii("é😀"), repr(b"\x00\xffA'"))
#%% pretty printing
from pprint import pprint, pformat
data = {"name": "pipeline", "steps": [{"id": i, "command": ["python", "-m", f"step{i}"], "env": {"A": "x" * 10, "B": None}} for i in range(3)], "when": {"cron": "0 0 * * *", "tags": {"b"}}}
pprint(data)
pprint(data, width=40, compact=True, depth=2)
print(pformat({"b": 1, "a": 2}, sort_dicts=False), pformat(["word" * 5] * 6))
#%% number tables
for i in range(1, 6):
    print(*(f"{i * j:4}" for j in range(1, 6)), sep="")
print("{:^30}".format(" Report "), "{:=^30}".format(" Report "), sep="\n")
print(f"{1234567.891:>15,.2f}", f"{0.000123:.2e}", f"{1e-10}", f"{100000000000000000.0}", f"{1e22}", f"{12345678:.3g}")
#%% bytes formatting
print(b"%d %s %x %5.1f" % (1, b"a", 255, 2.5), "abc".encode().hex(" "), bytes([65, 66]).decode(), bytes.fromhex("48 65 6c"), b"%a" % "é")
print(b"hello".ljust(8, b"."), b"a,b".split(b","), bytearray(b"xyz")[::-1], memoryview(b"abc")[1:].tolist(), b"abc".find(b"c"))
#%% locale formatting
import locale
print(locale.setlocale(locale.LC_ALL, "C"), locale.localeconv()["decimal_point"], locale.format_string("%.2f", 1234.5, grouping=True), locale.str(1.5), locale.atof("2.5"))
try:
    locale.setlocale(locale.LC_ALL, "xx_YY.UTF-8")
except locale.Error as e:
    print(e)
print(f"{1234567:n}", locale.getlocale(locale.LC_NUMERIC))
#%% aligned with unicode
import unicodedata
def width(s):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in s)
for s in ("abc", "日本", "é", "e\u0301", "ﬁ"):
    print(s + "." * (10 - width(s)) + "|", len(s), width(s))
#%% print options
import sys
print("a", "b", sep="-", end="!\n")
print(*range(5), sep=", ")
print("x", file=sys.stderr)
print("no newline", end="")
print()
print(None, True, [], sep="\n", flush=True)
sys.stdout.write("written\n")
#%% number grouping errors
for value, spec in ((1.5, "d"), ("s", "d"), (1, "s"), (1, ".2d"), ("s", "=5"), (1, ",x"), (1, "q"), ([], "5")):
    try:
        print(format(value, spec))
    except Exception as e:
        print(type(e).__name__, e)
#%% sizes for people
def human(n):
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(n) < 1024 or unit == "TiB":
            return f"{n:.1f} {unit}" if unit != "B" else f"{n} B"
        n /= 1024
def duration(s):
    m, s = divmod(s, 60)
    h, m = divmod(m, 60)
    return f"{h:d}:{m:02d}:{s:06.3f}"
print([human(n) for n in (5, 2048, 5 * 2**20, 3 * 2**30, 2**52)], duration(3725.5))
