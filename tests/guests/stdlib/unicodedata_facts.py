import unicodedata as u

for ch in "Aé½日٣€\u200b🐍":
    print(f"U+{ord(ch):04X}", u.name(ch), u.category(ch), u.bidirectional(ch), u.east_asian_width(ch), u.numeric(ch, None), u.decomposition(ch) or "-")
print(u.lookup("GREEK CAPITAL LETTER OMEGA"), u.digit("٣"), u.decimal("7"), u.mirrored("("), u.combining("\u0301"))
s = "ﬁancé①Å"
for form in ("NFC", "NFD", "NFKC", "NFKD"):
    n = u.normalize(form, s)
    print(form, len(n), ascii(n), u.is_normalized(form, s))
strip = "".join(c for c in u.normalize("NFKD", "Crème Brûlée à la Ærø") if not u.combining(c))
print(strip, u.normalize("NFC", "e\u0301") == "\u00e9", "e\u0301" == "\u00e9")
print(u.normalize("NFD", "각").encode("unicode_escape"), u.name("각"), u.normalize("NFC", "\u1100\u1161\u11a8"))
try:
    u.lookup("NO SUCH NAME")
except KeyError:
    print("no such name", u.name("\n", "unnamed"))
print(u.ucd_3_2_0.unidata_version, sum(u.category(chr(i)) == "Lu" for i in range(0x250)), "\N{SNAKE}")
print("ΰ".upper() == "Ϋ́", sorted("zéae", key=lambda c: u.normalize("NFD", c)), "Ⅳ".lower(), "ŉ".upper())
