import base64
import binascii

data = bytes(range(0, 256, 5)) + b"tail?>"
for name in ("b64", "b32", "b16", "a85", "b85", "urlsafe_b64"):
    enc = getattr(base64, name + "encode")(data)
    print(name, len(enc), enc[:20], getattr(base64, name + "decode")(enc) == data)
print(base64.b64encode(b"\xfb\xff\xfe"), base64.urlsafe_b64encode(b"\xfb\xff\xfe"), base64.b64encode(b"ab", altchars=b"-_"))
print(base64.b64decode("aGVsbG8="), base64.b64decode(b"aGVs\nbG8 ="), base64.b32decode("mzxw6===", casefold=True))
print(base64.encodebytes(b"x" * 60), base64.a85encode(b"\0\0\0\0abc"), base64.b32hexencode(b"hi"))
for bad in ("abc", "a===", "ab!d"):
    try:
        print(base64.b64decode(bad, validate=True))
    except binascii.Error as e:
        print("Error", type(e).__name__)
print(binascii.hexlify(b"\x01\xab\xff", "-"), binascii.unhexlify("01abff"), binascii.crc32(b"hello"), binascii.crc_hqx(b"hello", 0))
print(binascii.b2a_base64(b"hello", newline=False), binascii.a2b_uu(binascii.b2a_uu(b"uu data")), binascii.b2a_qp("é=x".encode()))
import quopri
print(quopri.encodestring("naïve = 1\n".encode()), quopri.decodestring(b"na=C3=AFve").decode())
