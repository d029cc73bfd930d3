# Programs of one subject; a line `#%% NAME` begins each, `#%% NAME (whole)` one that is not cut into runs of a session.
#%% write and read
with open("notes.txt", "w") as f:
    n = f.write("first\nsecond\nthird\n")
print(n, f.closed, f.name, f.mode)
with open("notes.txt") as f:
    print(f.readline(), f.tell(), f.read(), f.read() == "")
with open("notes.txt", "a+") as f:
    f.write("fourth")
    f.seek(0)
    print(f.readlines())
sum(1 for _ in open("notes.txt"))
#%% missing file
try:
    open("does_not_exist.txt")
except FileNotFoundError as e:
    print(type(e).__name__, e.filename, e.strerror)
open("does_not_exist.txt")
#%% errno numbers
import errno, os
print(errno.ENOENT, errno.EACCES, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY, errno.EINVAL, errno.EPIPE, errno.EAGAIN)
print(errno.errorcode[2], errno.errorcode[13], os.strerror(2), os.strerror(13), os.strerror(17))
print(type(OSError(2, "x")).__name__, type(OSError(13, "x")).__name__, type(OSError(17, "x")).__name__, OSError(errno.ENOENT, os.strerror(errno.ENOENT), "f"))
try:
    os.rmdir("nope")
except OSError as e:
    print(e.errno == 2, e.errno == errno.ENOENT, e)
#%% errors of files
import os
os.mkdir("d")
open("f", "w").close()
for call in ("open('d')", "open('f/x')", "os.mkdir('d')", "os.rmdir('f')", "os.listdir('f')", "os.remove('d')", "os.remove('gone')", "open('f', 'x')", "os.rename('gone', 'x')", "open('a/b/c', 'w')", "os.scandir('gone')", "os.stat('')"):
    try:
        eval(call)
    except OSError as e:
        print(call, type(e).__name__, e)
#%% open modes
import os
for mode in ("w", "r+", "w+", "a", "xb", "rb+", "wb"):
    try:
        with open("m.bin", mode) as f:
            print(mode, f.mode, f.readable(), f.writable(), f.seekable(), type(f).__name__)
    except FileExistsError as e:
        print(mode, type(e).__name__)
for mode in ("rw", "q", "", "rt+b", "U"):
    try:
        open("m.bin", mode)
    except ValueError as e:
        print(repr(mode), e)
import io
try:
    open("m.bin", "w").read()
except io.UnsupportedOperation as e:
    print(e)
#%% binary files
import struct
with open("data.bin", "wb") as f:
    for i in range(5):
        f.write(struct.pack("<Hf4s", i, i / 2, b"ab"))
with open("data.bin", "rb") as f:
    f.seek(10 * 2)
    print(struct.unpack("<Hf4s", f.read(10)), f.tell(), f.seek(-10, 2), f.read(2))
    buf = bytearray(4)
    f.seek(0)
    print(f.readinto(buf), buf, f.peek(2)[:2])
print([t for t in struct.iter_unpack("<Hf4s", open("data.bin", "rb").read())])
struct.unpack("<I", b"abc")
#%% encodings of files
with open("u.txt", "w", encoding="utf-8") as f:
    f.write("naïve café ☕\n")
print(open("u.txt", "rb").read(), open("u.txt", encoding="latin-1").read().strip(), len(open("u.txt").read()))
try:
    open("u.txt", encoding="ascii").read()
except UnicodeDecodeError as e:
    print(e)
print(open("u.txt", encoding="ascii", errors="replace").read(), open("u.txt", encoding="ascii", errors="ignore").read(), open("u.txt", encoding="ascii", errors="backslashreplace").read())
with open("b.txt", "w", encoding="utf-8-sig") as f: f.write("x")
with open("c.txt", "w", encoding="utf-16") as f: f.write("xy")
print(open("b.txt", "rb").read(), open("b.txt", encoding="utf-8").read(), open("c.txt", "rb").read(), open("u.txt").encoding.lower())
open("u.txt", encoding="klingon")
#%% newlines
with open("n.txt", "wb") as f: f.write(b"a\r\nb\rc\nd")
for nl in (None, "", "\n", "\r\n"):
    print(repr(nl), open("n.txt", newline=nl).readlines())
with open("w.txt", "w", newline="\r\n") as f: print("x\ny", file=f)
print(open("w.txt", "rb").read())
import io
print(io.StringIO("a\r\nb", newline=None).read(), io.TextIOWrapper(io.BytesIO(b"x\r\ny")).read().encode())
#%% pathlib
from pathlib import Path, PurePosixPath, PureWindowsPath
p = Path("data/raw/file.tar.gz")
print(p.name, p.stem, p.suffix, p.suffixes, p.parent, p.parts, p.with_suffix(".zip"), p.with_name("x"), p / ".." / "y", p.is_absolute(), repr(p.parent))
p.parent.mkdir(parents=True, exist_ok=True)
p.write_text("hello")
print(p.exists(), p.is_file(), p.stat().st_size, p.read_bytes(), [str(x) for x in sorted(Path("data").rglob("*"))], Path("data").is_dir())
print(PurePosixPath("/a/b").relative_to("/a"), PureWindowsPath("C:\\x\\y.txt").stem, Path("a") < Path("b"), Path("x.py").match("*.py"), p.as_posix(), Path("a//b/./c"))
p.unlink()
p.unlink(missing_ok=True)
Path("data").rmdir() if False else None
#%% walking a tree
import os
for d in ("proj/src/pkg", "proj/tests", "proj/.git"):
    os.makedirs(d)
for f in ("proj/README.md", "proj/src/pkg/__init__.py", "proj/src/pkg/mod.py", "proj/tests/test_mod.py", "proj/.git/HEAD"):
    with open(f, "w") as out: out.write("#" * len(f))
for root, dirs, files in os.walk("proj"):
    dirs[:] = sorted(d for d in dirs if not d.startswith("."))
    print(root, dirs, sorted(files), sum(os.path.getsize(os.path.join(root, f)) for f in files))
import glob
print(sorted(glob.glob("proj/**/*.py", recursive=True)), glob.glob("proj/*.md"), sorted(glob.glob("proj/*/")), sorted(e.name for e in os.scandir("proj") if e.is_dir()))
#%% os.path
import os.path as p
print(p.join("a", "/b", "c"), p.split("/a/b/"), p.splitext("x.tar.gz"), p.basename("/a/b"), p.dirname("/a/b"), p.normpath("a/../b/./c//d"), p.commonpath(["/a/b", "/a/c"]))
print(p.isabs("/x"), p.exists("nope"), p.relpath("/a/b", "/a/c"), p.expanduser("~x_y/z"), p.expandvars("$NOPE_X/a"), p.splitext(".bashrc"))
import os
print(os.sep, os.linesep.encode(), os.pathsep, os.curdir, os.name, os.devnull, os.extsep)
#%% shutil
import shutil, os
os.makedirs("src/sub")
for n in ("a.txt", "sub/b.txt", "sub/c.log"):
    open("src/" + n, "w").write(n)
shutil.copytree("src", "dst", ignore=shutil.ignore_patterns("*.log"))
shutil.copy("src/a.txt", "dst/z.txt"); shutil.move("dst/z.txt", "dst/sub/")
print(sorted(os.path.join(r, f) for r, _, fs in os.walk("dst") for f in fs))
name = shutil.make_archive("arch", "zip", "src")
shutil.unpack_archive("arch.zip", "out")
print(os.path.basename(name), sorted(os.listdir("out")), sorted(f for f, *_ in shutil.get_archive_formats()))
shutil.rmtree("src")
print(os.path.exists("src"), shutil.which("surely-no-such-tool"))
shutil.rmtree("src", ignore_errors=True)
#%% temporary files
import tempfile, os
with tempfile.TemporaryDirectory(prefix="job_") as d:
    path = os.path.join(d, "x.txt")
    open(path, "w").write("temp")
    print(os.path.basename(d).startswith("job_"), os.listdir(d), os.path.isdir(d))
print(os.path.exists(d))
with tempfile.NamedTemporaryFile("w+", suffix=".csv", delete=False) as f:
    f.write("a,b")
print(f.name.endswith(".csv"), open(f.name).read(), oct(os.stat(f.name).st_mode & 0o777))
os.unlink(f.name)
fd, path = tempfile.mkstemp()
os.write(fd, b"raw"); os.close(fd)
print(os.path.getsize(path), tempfile.gettempdir())
s = tempfile.SpooledTemporaryFile(max_size=10)
s.write(b"0123456789abc"); s.seek(0)
s.read()
#%% modes and links
import os, stat
open("f", "w").write("x")
os.chmod("f", 0o640)
print(oct(os.stat("f").st_mode), stat.filemode(os.stat("f").st_mode), os.access("f", os.X_OK), os.access("f", os.R_OK))
os.symlink("f", "s")
print(os.path.islink("s"), os.readlink("s"), os.path.realpath("s") == os.path.abspath("f"), os.lstat("s").st_size, open("s").read())
os.link("f", "h")
print(os.path.samefile("f", "h"), os.stat("f").st_ino == os.stat("h").st_ino)
os.remove("f")
print(os.path.exists("s"), os.path.lexists("s"), open("h").read())
#%% link counts
import os
open("a", "w").close()
os.link("a", "b")
print(os.stat("a").st_nlink)
#%% file times
import os, time, datetime
open("t", "w").close()
os.utime("t", (1_000_000_000, 1_700_000_000.5))
s = os.stat("t")
print(s.st_atime, s.st_mtime, s.st_mtime_ns, datetime.datetime.fromtimestamp(s.st_mtime, datetime.timezone.utc), time.ctime(s.st_mtime))
print(os.path.getmtime("t"), len(s), s[6])
#%% directory listing order
import os
for n in ("b", "a", "C", "10", "9"):
    open(n, "w").close()
print(sorted(os.listdir()), sorted(os.listdir("."), key=str.lower), len(list(os.scandir())))
os.rename("b", "bb"); os.replace("a", "bb")
print(sorted(os.listdir(b".")))
#%% low level io
import os
fd = os.open("low", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
print(os.write(fd, b"hello world"), os.lseek(fd, 6, os.SEEK_SET), os.read(fd, 100), os.fstat(fd).st_size)
os.ftruncate(fd, 5); os.fsync(fd)
print(os.pread(fd, 3, 1), os.pwrite(fd, b"J", 0), os.isatty(fd))
os.close(fd)
print(open("low").read())
try:
    os.read(fd, 1)
except OSError as e:
    print(e.strerror)
try:
    os.open("low", os.O_CREAT | os.O_EXCL)
except FileExistsError as e:
    print(e.filename)
#%% text io details
import io
s = io.StringIO("initial")
s.seek(0, 2); s.write("+more"); print(s.getvalue(), s.tell(), s.truncate(3), s.getvalue())
b = io.BytesIO(b"\x00\x01\x02")
print(b.getbuffer()[1], b.read1(1), b.readable(), b.getvalue())
w = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n", write_through=True)
w.write("é\n"); print(w.buffer.getvalue(), w.encoding, w.errors, w.line_buffering)
r = io.BufferedReader(io.BytesIO(b"line1\nline2"))
print(r.readline(), r.peek(), r.read(3), list(r))
s.close()
s.write("x")
#%% fileinput and linecache
import fileinput, linecache
for n in ("1.txt", "2.txt"):
    with open(n, "w") as f: f.write(f"{n} one\n{n} two\n")
with fileinput.input(["1.txt", "2.txt"]) as f:
    for line in f:
        print(f.filename(), f.filelineno(), f.lineno(), line.strip())
with fileinput.input("1.txt", inplace=True) as f:
    for line in f: print(line.upper(), end="")
print(open("1.txt").read(), linecache.getline("2.txt", 2), repr(linecache.getline("2.txt", 9)))
#%% csv report from logs
lines = """2024-01-01 INFO start
2024-01-01 ERROR disk full
2024-01-02 ERROR net down
2024-01-02 INFO stop""".splitlines()
with open("app.log", "w") as f: f.write("\n".join(lines))
from collections import Counter
import csv
counts = Counter()
with open("app.log") as f:
    for line in f:
        day, level, _ = line.split(maxsplit=2)
        counts[day, level] += 1
with open("report.csv", "w", newline="") as f:
    w = csv.writer(f)
    w.writerow(["day", "level", "n"])
    w.writerows((*k, n) for k, n in sorted(counts.items()))
print(open("report.csv", newline="").read())
#%% gzip, bz2, lzma, zlib
import gzip, bz2, lzma, zlib
data = b"hello hello hello " * 50
for m in (gzip, bz2, lzma, zlib):
    c = m.compress(data)
    print(m.__name__, len(c) < len(data), m.decompress(c) == data)
with gzip.open("x.gz", "wt") as f: f.write("line\n" * 3)
print(gzip.open("x.gz", "rt").readlines(), zlib.crc32(data), zlib.adler32(b"abc"), hex(zlib.crc32(b"\xff" * 100)))
c = zlib.compressobj(); z = c.compress(b"a" * 1000) + c.flush()
print(zlib.decompressobj().decompress(z, 10))
gzip.decompress(b"not gzip data")
#%% zip files
import zipfile, io
buf = io.BytesIO()
with zipfile.ZipFile(buf, "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("a.txt", "alpha" * 100)
    z.writestr(zipfile.ZipInfo("d/b.txt", (2024, 1, 2, 3, 4, 6)), b"beta")
with zipfile.ZipFile(buf) as z:
    print(z.namelist(), z.read("d/b.txt"), z.getinfo("a.txt").file_size, z.testzip(), z.getinfo("d/b.txt").date_time, zipfile.is_zipfile(buf))
    z.extractall("un")
    try:
        z.read("nope")
    except KeyError as e:
        print(e)
print(open("un/d/b.txt").read())
zipfile.ZipFile(io.BytesIO(b"junk"))
#%% tar files
import tarfile, io, os
with tarfile.open("t.tar.gz", "w:gz") as t:
    for name, text in (("x/one.txt", b"1"), ("x/two.txt", b"22")):
        info = tarfile.TarInfo(name); info.size = len(text); info.mode = 0o644; info.mtime = 0
        t.addfile(info, io.BytesIO(text))
with tarfile.open("t.tar.gz") as t:
    print(t.getnames(), [(m.name, m.size, oct(m.mode), m.isfile()) for m in t], t.extractfile("x/two.txt").read())
    t.extractall("o", filter="data")
print(sorted(os.listdir("o/x")), tarfile.is_tarfile("t.tar.gz"))
tarfile.open("t.tar.gz", "r:bz2")
#%% memory maps
import mmap
with open("m", "wb") as f: f.write(b"0123456789" * 10)
with open("m", "r+b") as f:
    with mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as m:
        print(len(m), m[:5], m.find(b"9"), m[-1:])
#%% config in a module of the program
import os, sys, importlib
with open("settings_mod.py", "w") as f:
    f.write("DEBUG = True\nNAME = 'demo'\ndef greet():\n    return f'hi {NAME}'\n")
sys.path.insert(0, os.getcwd())
importlib.invalidate_caches()
import settings_mod
print(settings_mod.greet(), settings_mod.__name__, settings_mod.DEBUG)
with open("settings_mod.py", "w") as f: f.write("DEBUG = False\nNAME = 'changed!'\n")
importlib.reload(settings_mod)
print(settings_mod.NAME, settings_mod.greet())
os.makedirs("pkg"); open("pkg/__init__.py", "w").write("from .a import f\n"); open("pkg/a.py", "w").write("def f(): return __name__\n")
from pkg import f
print(f())
import pkg.missing
#%% reading standard input (whole)
import sys
print(repr(sys.stdin.read()), list(sys.stdin))
try:
    input("prompt> ")
except EOFError as e:
    print("eof", e)
print(sys.stdin.readline() == "")
#%% working directory
import os
os.makedirs("inner/deep")
here = os.getcwd()
os.chdir("inner")
print(os.path.relpath(os.getcwd(), here), os.listdir("."), os.path.exists("deep"))
open("x", "w").close()
os.chdir("..")
print(sorted(os.listdir("inner")), os.getcwd() == here)
os.chdir("inner/deep")
#%% environment
import os
os.environ["MY_VAR"] = "value"
print(os.environ.get("MY_VAR"), os.getenv("NO_SUCH", "default"), "MY_VAR" in os.environ, os.path.expandvars("${MY_VAR}/x"))
del os.environ["MY_VAR"]
try:
    os.environ["MY_VAR"]
except KeyError as e:
    print("KeyError", e)
os.environ["N"] = 5
#%% subprocess (whole)
import subprocess
print(subprocess.run(["echo", "hi"], capture_output=True, text=True).stdout)
#%% disk usage and sync
import os, shutil
u = shutil.disk_usage(".")
print(u._fields, u.total >= u.free > 0)
open("big", "wb").write(b"\0" * 100_000)
print(os.path.getsize("big"), os.stat("big").st_blocks * 512 >= 100_000)
os.truncate("big", 10)
os.path.getsize("big")
#%% file locking and pid files
import os, fcntl
with open("lock", "w") as f:
    fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
    f.write(str(os.getpid()))
    fcntl.flock(f, fcntl.LOCK_UN)
print(open("lock").read() == str(os.getpid()))
#%% open the null device
import os
with open(os.devnull, "w") as f: print("gone", file=f)
print(open("/dev/null").read() == "", os.path.exists("/dev/null"), os.path.exists("/tmp"), len(os.urandom(8)), len(open("/dev/urandom", "rb").read(4)))
#%% dictionary database
import shelve, dbm
with shelve.open("shelf") as s:
    s["a"] = [1, 2]; s["b"] = {"x": 1}
with shelve.open("shelf", writeback=True) as s:
    s["a"].append(3)
    print(sorted(s), s["a"], "b" in s)
with dbm.open("plain", "c") as d:
    d[b"k"] = b"v"
    print(d["k"], list(d.keys()))
