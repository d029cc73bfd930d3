# Programs of one subject; a line `#%% NAME` begins each, `#%% NAME (whole)` one that is not cut into runs of a session.
#%% names and categories
import unicodedata as u
for c in "aÄß½٣€日\u0301😀\u200d":
    print(f"U+{ord(c):04X}", u.name(c, "?"), u.category(c), u.bidirectional(c), u.numeric(c, None), u.decomposition(c), u.east_asian_width(c), u.mirrored(c))
print(u.lookup("SNOWMAN"), "\N{GREEK SMALL LETTER ALPHA}", u.digit("²"), u.combining("\u0301"))
#%% normal forms
import unicodedata
s = "é ﬁ Å ½ ①"
for f in ("NFC", "NFD", "NFKC", "NFKD"):
    n = unicodedata.normalize(f, s)
    print(f, len(n), n.encode("unicode_escape").decode(), unicodedata.is_normalized(f, s))
def plain(t): return "".join(c for c in unicodedata.normalize("NFKD", t) if not unicodedata.combining(c))
print(plain("Žluťoučký kůň ñ ø"), "e\u0301" == "é", sorted(["é", "e", "z", "f"]), "ﬁ".casefold(), "İ".casefold().encode())
#%% case
print("straße".upper(), "STRASSE".casefold() == "straße".casefold(), "ΑΣ".lower(), "ŉ".upper(), "ǅ".swapcase(), "ʼn".title(), "ı".upper(), "I".lower(), "éa".capitalize(), "Σ".lower(), "ﬃ".upper(), "hello wORLD".swapcase())
#%% predicates
for s in ("1", "²", "½", "٣", "一", "a1", "_x", "1a", "", " ", "\u2003", "É", "é", "ǅ", "class", "日本", "x\u0301"):
    print(ascii(s), s.isdigit(), s.isdecimal(), s.isnumeric(), s.isalpha(), s.isalnum(), s.isidentifier(), s.isspace(), s.isupper(), s.islower(), s.istitle(), s.isprintable())
#%% emoji and surrogates
s = "👨‍👩‍👧 🇩🇪 👍🏽 a"
print(len(s), [hex(ord(c)) for c in s[:5]], s.encode("utf-16-le").hex(), s[::-1].encode("utf-8")[:4], s.encode("utf-8").decode("utf-8") == s, "😀".encode("unicode_escape"), "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"))
try:
    print("\ud800".encode())
except UnicodeEncodeError as e:
    print(e)
"\udcff".encode("utf-8", "surrogateescape")
#%% printing a lone surrogate
print("before")
print("lone \ud800")
#%% decoding errors
for data, enc in ((b"\xff\xfe", "utf-8"), (b"caf\xc3", "utf-8"), (b"\xc0\x80", "utf-8"), (b"\x80", "ascii"), (b"\xed\xa0\x80", "utf-8"), (b"a", "utf-16"), (b"\x81", "cp1252"), (b"\xf5", "utf-8")):
    try:
        print(data.decode(enc))
    except UnicodeDecodeError as e:
        print(e)
print(b"caf\xe9 \xff".decode("utf-8", "replace"), b"\xff".decode("utf-8", "surrogateescape").encode("utf-8", "surrogateescape"), b"a\xffb".decode("ascii", "ignore"), b"\xff".decode("utf-8", "backslashreplace"))
"é".encode("ascii")
#%% scripts side by side
for word in ("Привет", "مرحبا", "שלום", "नमस्ते", "สวัสดี", "こんにちは", "안녕하세요", "Γειά", "你好"):
    print(f"{word:<12}|{len(word):>3}|{len(word.encode()):>3}|{word.upper()}|{word[::-1]}|{word.isalpha()}")
print("日本語テキスト".center(20, "・"), "naïve".encode("latin-1"), ascii("naïve"), "ÿ" < "Ā", max("aé日😀"), ord("😀"), chr(128512))
chr(0x110000)
#%% identifiers in other scripts
größe = 5
π = 3.14159
def площадь(r): return round(π * r ** 2, 2)
class Ångström:
    def __repr__(self): return "Å"
print(größe, площадь(2), Ångström(), Ångström.__name__, площадь.__name__, "ﬁ" in dir(), größe * 2)
ﬁ = 1
print(fi)
нет_такого
#%% counting characters
from collections import Counter
import unicodedata
text = "Ça va? Où est l'été… «déjà» — œuf"
c = Counter(unicodedata.category(ch) for ch in text)
print(sorted(c.items()), sum(ch in "éèêë" for ch in text), text.translate({ord("…"): "...", 0xAB: '"', 0xBB: '"', 0x2014: "-"}), text.split(), text.title(), text.encode("ascii", "ignore"))
#%% byte order marks and raw lines
import io
data = "\ufefftitle\nzeile ä\n".encode("utf-8")
print(data[:3], io.TextIOWrapper(io.BytesIO(data), "utf-8").read().encode("ascii", "backslashreplace"), io.TextIOWrapper(io.BytesIO(data), "utf-8-sig").readline(), "ä".encode("utf-16"), "ä".encode("utf-16-be"), "\ufeff".encode("utf-16-le"), "a\u2028b\x85c".splitlines(), "a\xa0b".split(), len("\r\n".splitlines()))
#%% format with combining
import textwrap
s = "ａｂｃ ｄｅｆ " * 5
print(textwrap.wrap(s, 12), f"{'日本':>6}|{'é':^5}", "%-5s|" % "ñ", "日".ljust(4, "。"), "tab\té".expandtabs(8), "ß".zfill(4), "-日".zfill(5))
