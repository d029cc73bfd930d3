import struct
import array

rec = struct.pack("<HIb4sd?", 513, 70000, -2, b"abcdef", 2.5, True)
print(rec.hex(), len(rec), struct.calcsize("<HIb4sd?"), struct.calcsize(">bq"), struct.calcsize("=bxh"))
print(struct.unpack("<HIb4sd?", rec))
print(struct.pack(">I", 1), struct.pack("<I", 1), struct.pack("!h", -2), struct.pack(">e", 1.5).hex(), struct.pack("<f", 0.1).hex())
print(list(struct.iter_unpack(">hB", bytes(range(9)))), struct.unpack_from(">H", b"\0\0\1\2\3", 2))
buf = bytearray(8)
struct.pack_into("<2h", buf, 2, 7, -1)
print(buf, struct.pack("5s3x2c", b"hi", b"a", b"b"), struct.pack("4p", b"toolong"))
for bad in (lambda: struct.pack("B", 300), lambda: struct.unpack("<I", b"abc"), lambda: struct.pack("z")):
    try:
        bad()
    except struct.error as e:
        print("struct.error")
S = struct.Struct(">4sI")
print(S.size, S.format, S.unpack(S.pack(b"RIFF", 36)))
a = array.array("i", [3, 1, 2])
a.append(9); a.extend([5, 5]); a.insert(0, -1)
print(a, a.itemsize, a.typecode, a.index(9), a.count(5), a[1:4].tolist(), a.pop())
d = array.array("d", [1.5, 2.5]); d.frombytes(struct.pack("=d", 9.75))
print(d.tolist(), sum(d), array.array("H", [1, 256]).tobytes() in (b"\1\0\0\1", b"\0\1\1\0"), memoryview(d).format)
h = array.array("H", [1, 0x0203]); h.byteswap()
print([hex(v) for v in h])
for bad in (lambda: array.array("b", [200]), lambda: array.array("i", ["x"])):
    try:
        bad()
    except (OverflowError, TypeError) as e:
        print(type(e).__name__)
