s = "naïve café — 日本語 🐍"
print(len(s), len(s.encode("utf-8")), len(s.encode("utf-16-le")))
print(s.upper(), s[::-1])
print([hex(ord(c)) for c in "é日🐍"], chr(0x1F40D), "\N{GREEK SMALL LETTER PI}", "\u00e9")
print(ascii("é🐍"), "é".encode("unicode_escape"), b"\xe6\x97\xa5".decode())
print("ǅ".lower(), "ß".upper(), "İ".lower() == "i\u0307", "ﬁ".upper(), "ΑΣ".lower())
print("٣".isdigit(), int("٣٤"), "½".isnumeric(), "½".isdigit(), "Ⅷ".isnumeric())
for enc in ("ascii", "latin-1"):
    try:
        print("é€".encode(enc))
    except UnicodeEncodeError as e:
        print(e.encoding, e.start, e.reason)
print("é€".encode("ascii", "replace"), "é€".encode("ascii", "xmlcharrefreplace"), "é€".encode("latin-1", "ignore"))
try:
    b"ab\xff".decode("utf-8")
except UnicodeDecodeError as e:
    print(e.start, e.object[e.start:], e.reason)
print(b"ab\xff".decode("utf-8", "replace"), b"ab\xff".decode("utf-8", "surrogateescape").encode("utf-8", "surrogateescape"))
π = 3.14
print(π, "変数".isidentifier(), sorted(["é", "e", "z", "a"]))
