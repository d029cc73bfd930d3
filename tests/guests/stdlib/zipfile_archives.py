import io
import zipfile
import zlib
buf = io.BytesIO()
with zipfile.ZipFile(buf, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
    z.writestr("a.txt", "hello " * 1000)
    z.writestr(zipfile.ZipInfo("dir/b.bin", (2020, 5, 17, 10, 20, 30)), bytes(range(256)))
    z.writestr("dir/ünï.txt", "unicode name")
    with z.open("streamed.txt", "w") as f:
        for i in range(100):
            f.write(b"%d\n" % i)
    z.comment = b"a comment"
with zipfile.ZipFile(buf) as z:
    print(z.namelist(), z.testzip(), z.comment)
    i = z.getinfo("a.txt")
    print(i.file_size, i.compress_size < 100, i.compress_type == zipfile.ZIP_DEFLATED, hex(i.CRC))
    print(z.getinfo("dir/b.bin").date_time, z.read("dir/b.bin")[250:], z.read("dir/ünï.txt"))
    with z.open("streamed.txt") as f:
        print(f.readline(), sum(int(l) for l in f))
    z.extractall("/tmp/zip_out")
    print([p.name for p in sorted(zipfile.Path(z, "dir/").iterdir(), key=lambda p: p.name)])
print(open("/tmp/zip_out/a.txt").read()[-12:])
with zipfile.ZipFile(buf, "a", zipfile.ZIP_LZMA) as z:
    z.writestr("late.txt", "x" * 5000)
    z.writestr("bz.txt", "y" * 5000, zipfile.ZIP_BZIP2)
with zipfile.ZipFile("/tmp/zip_out/disk.zip", "w") as z:
    z.write("/tmp/zip_out/a.txt", "renamed.txt")
    print(z.getinfo("renamed.txt").compress_type == zipfile.ZIP_STORED, z.getinfo("renamed.txt").date_time[0] >= 2020)
z = zipfile.ZipFile(buf)
print(len(z.namelist()), len(z.read("late.txt")), len(z.read("bz.txt")), zipfile.is_zipfile(buf), zipfile.is_zipfile("/tmp/zip_out/a.txt"))
data = bytearray(buf.getvalue()); data[60] ^= 0xFF
try:
    found = zipfile.ZipFile(io.BytesIO(bytes(data))).testzip() == "a.txt"
except (zlib.error, zipfile.BadZipFile):
    found = True
print("corruption found", found)
try:
    zipfile.ZipFile(io.BytesIO(b"not a zip"))
except zipfile.BadZipFile as e:
    print(e)
