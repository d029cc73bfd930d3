import bz2
import gzip
import io
import lzma
import zlib

data = b"".join(b"%d:%d\n" % (i, i * i % 97) for i in range(4000))
print(len(data), zlib.crc32(data), zlib.adler32(data))
for name, mod in (("zlib", zlib), ("gzip", gzip), ("bz2", bz2), ("lzma", lzma)):
    packed = mod.compress(data)
    print(name, mod.decompress(packed) == data, len(packed) < len(data) // 2, packed[:2].hex())
c = zlib.compressobj(9, zlib.DEFLATED, -15)
raw = c.compress(data[:5000]) + c.compress(data[5000:]) + c.flush()
d = zlib.decompressobj(-15)
first = d.decompress(raw, 100)
print(first == data[:100], d.decompress(d.unconsumed_tail) + d.flush() == data[100:], d.eof)
with gzip.open("/tmp/t.gz", "wt", encoding="utf-8") as f:
    f.write("line é\n" * 3)
with gzip.open("/tmp/t.gz", "rt", encoding="utf-8") as f:
    print(f.readlines())
buf = io.BytesIO()
with gzip.GzipFile("name", "wb", fileobj=buf, mtime=0) as g:
    g.write(b"abc")
print(gzip.decompress(buf.getvalue() + gzip.compress(b"def")), buf.getvalue()[4:8])
with bz2.open("/tmp/t.bz2", "wb") as f:
    f.write(data)
print(sum(1 for _ in bz2.open("/tmp/t.bz2")))
filters = [{"id": lzma.FILTER_DELTA, "dist": 4}, {"id": lzma.FILTER_LZMA2, "preset": 6}]
x = lzma.compress(data, check=lzma.CHECK_SHA256, filters=filters)
print(lzma.decompress(x) == data, lzma.decompress(lzma.compress(data, format=lzma.FORMAT_ALONE)) == data)
for fn, err in ((zlib.decompress, zlib.error), (gzip.decompress, gzip.BadGzipFile), (bz2.decompress, OSError), (lzma.decompress, lzma.LZMAError)):
    try:
        fn(b"\x01garbage bytes")
    except err as e:
        print(type(e).__name__)
