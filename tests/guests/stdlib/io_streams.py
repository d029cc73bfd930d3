import io

s = io.StringIO("line one\nline two\nlast")
print(s.readline().strip(), s.tell(), s.read(4), s.readlines(), s.read() == "")
s.seek(0, io.SEEK_END); s.write("!\n"); s.seek(5)
print(s.read(), s.getvalue().count("\n"))
b = io.BytesIO(b"\x00\x01\x02\x03\x04")
b.seek(-2, 2)
print(b.read(), b.seek(1), b.read1(2), b.getbuffer()[0], b.truncate(2), b.getvalue())
t = io.TextIOWrapper(io.BytesIO("é\r\nü\rz\n".encode("latin-1")), encoding="latin-1", newline=None)
print(t.readlines(), t.encoding)
with open("/tmp/io_test.bin", "wb", buffering=0) as raw:
    print(raw.write(bytes(range(100))), raw.tell(), type(raw).__name__)
with open("/tmp/io_test.bin", "r+b") as f:
    f.seek(10); f.write(b"XYZ"); f.seek(8)
    print(f.read(7), f.peek(1)[:1], type(f).__name__)
with io.open("/tmp/io_test.bin", "rb") as f:
    view = bytearray(4)
    print(f.readinto(view), bytes(view), len(f.read()))
with open("/tmp/io_test.txt", "w", encoding="utf-16") as f:
    print("héllo", 42, file=f)
with open("/tmp/io_test.txt", "a+", encoding="utf-16-le") as f:
    f.write("more\n")
print(open("/tmp/io_test.txt", encoding="utf-16").read().split("\n"))
try:
    open("/tmp/io_test.txt", "x")
except FileExistsError as e:
    print(type(e).__name__, e.filename)
try:
    open("/tmp/io_test.txt").write("no")
except io.UnsupportedOperation as e:
    print(type(e).__name__, isinstance(e, ValueError))
s.close()
try:
    s.read()
except ValueError as e:
    print("closed" in str(e))
