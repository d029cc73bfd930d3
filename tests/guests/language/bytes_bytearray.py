b = bytes([72, 101, 108, 108, 111])
print(b, b[0], b[1:3], b.hex(), b.hex(":"), bytes.fromhex("de ad be ef"))
print(b + b"!", b * 2, b"ell" in b, 111 in b, b.find(b"l"), b.upper())
ba = bytearray(b)
ba += b" w\x00rld"
ba[7] = ord("o")
ba.insert(0, 62)
print(ba, len(ba), ba.pop(), ba.decode())
del ba[:2]
ba.reverse()
print(ba, ba.split(b"o"), bytes(ba).isalpha())
mv = memoryview(bytearray(range(10)))
mv[2:4] = b"\xff\xfe"
print(mv.tolist(), mv[::3].tolist(), mv.nbytes, mv.readonly)
m2 = mv.cast("H")
print(len(m2), m2.itemsize, m2[1] == int.from_bytes(b"\xff\xfe", "little"))
print(b"a-b-c".split(b"-"), b",".join([b"x", b"y"]), b"%d items %s" % (3, b"ok"), b"abc".translate(None, b"b"))
for bad in (lambda: bytes([256]), lambda: b"a" + "b", lambda: b.__setitem__):
    try:
        bad()
    except (ValueError, TypeError, AttributeError) as e:
        print(type(e).__name__)
print((1000).to_bytes(2, "big"), int.from_bytes(b"\xff\xfe", "big", signed=True), b"\t\x7f\\'")
