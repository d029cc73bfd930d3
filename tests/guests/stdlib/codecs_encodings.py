import codecs
import io

s = "Héllo, Wörld"
for enc in ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32-le", "latin-1", "cp1252", "cp437", "mac-roman", "iso8859-15"):
    b = s.encode(enc)
    print(enc, len(b), b[:4].hex(), b.decode(enc) == s)
for enc, t in (("shift_jis", "日本語"), ("euc-jp", "日本"), ("gb18030", "中文🐍"), ("big5", "中文"), ("euc-kr", "한국"), ("koi8-r", "Привет"), ("cp1251", "Мир")):
    print(enc, t.encode(enc).hex(), t.encode(enc).decode(enc) == t)
print(codecs.encode("Hello", "rot13"), codecs.encode(b"ab", "hex"), codecs.decode(b"YWI=\n", "base64"), codecs.decode(codecs.encode(b"zz" * 50, "zlib"), "zlib")[:4])
print("bücher.example".encode("idna"), b"xn--bcher-kva".decode("idna"), "bücher".encode("punycode"), "a\\n\\u00e9".encode().decode("unicode_escape"))
dec = codecs.getincrementaldecoder("utf-8")()
print([dec.decode(bytes([b])) for b in "é日".encode()], codecs.lookup("UTF8").name, codecs.BOM_UTF8)
codecs.register_error("stars", lambda e: ("*" * (e.end - e.start), e.end))
print("aéb日".encode("ascii", "stars"), "aé".encode("ascii", "namereplace"), b"a\x80".decode("ascii", "backslashreplace"))
with open("/tmp/co.txt", "w", encoding="cp1252", errors="replace") as f:
    f.write("€ and 日\n")
print(open("/tmp/co.txt", "rb").read())
r = codecs.getreader("utf-8")(io.BytesIO("x\nÿ\n".encode()))
print(r.readlines())
try:
    "x".encode("no-such-codec")
except LookupError as e:
    print(e)
