import errno
import os
import shutil

base = "/tmp/os_fs"
shutil.rmtree(base, ignore_errors=True)
os.makedirs(base + "/a/b", exist_ok=True)
for name, size in (("a/one.txt", 3), ("a/b/two.bin", 1000), ("top.md", 0)):
    with open(os.path.join(base, name), "wb") as f:
        f.write(b"x" * size)
for root, dirs, files in sorted(os.walk(base)):
    print(os.path.relpath(root, base), sorted(dirs), sorted(files))
with os.scandir(base) as it:
    print(sorted((e.name, e.is_dir(), e.stat().st_size if e.is_file() else 0) for e in it))
os.rename(base + "/top.md", base + "/a/moved.md")
os.replace(base + "/a/one.txt", base + "/a/moved.md")
print(sorted(os.listdir(base + "/a")), os.path.getsize(base + "/a/moved.md"), os.path.exists(base + "/top.md"))
for op in (lambda: os.mkdir(base), lambda: os.rmdir(base + "/a"), lambda: os.remove(base + "/nope"), lambda: os.listdir(base + "/a/moved.md")):
    try:
        op()
    except OSError as e:
        print(type(e).__name__, errno.errorcode[e.errno] if e.errno else None)
fd = os.open(base + "/low", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
print(os.write(fd, b"hello world"), os.lseek(fd, 6, os.SEEK_SET), os.read(fd, 100), os.fstat(fd).st_size)
os.ftruncate(fd, 4); os.close(fd)
print(open(base + "/low").read(), os.path.splitext("x/y.tar.gz"), os.path.normpath("/a/./b/../c//d"), os.path.split("/p/q"))
os.utime(base + "/low", (1000000000, 1000000000))
print(int(os.stat(base + "/low").st_mtime), os.path.commonpath(["/a/b/c", "/a/b/d"]), os.path.isfile(base), os.sep)
os.environ["BATTERY_VAR"] = "v1"
print(os.getenv("BATTERY_VAR"), os.path.expandvars("$BATTERY_VAR/x"), os.getenv("NOPE_NOPE", "dflt"), len(os.urandom(7)))
os.chdir(base); print(os.getcwd(), os.path.abspath("a"), sorted(os.listdir()))
os.chdir("/"); shutil.rmtree(base); print(os.path.exists(base))
