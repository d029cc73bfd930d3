import dbm
import dbm.dumb
import filecmp
import fileinput
import os
import shelve
import shutil

base = "/tmp/shelf"
shutil.rmtree(base, ignore_errors=True)
os.makedirs(base + "/l/s"); os.makedirs(base + "/r/s")
db = dbm.dumb.open(base + "/d", "c")
with shelve.Shelf(db, writeback=True) as s:
    s["a"] = [1, 2]
    s["b"] = {"k": (3, 4)}
    s["a"].append(99)
with shelve.Shelf(dbm.dumb.open(base + "/d", "r")) as s:
    print(sorted(s), s["a"], s["b"]["k"], "c" in s, s.get("c", "dflt"))
with dbm.dumb.open(base + "/raw", "n") as d:
    d["key"] = "value"; d[b"n"] = b"1"; del d["n"]
    print(d["key"], d.keys(), len(d))
for p, t in (("l/same", "x"), ("r/same", "x"), ("l/diff", "1"), ("r/diff", "22"), ("l/only", ""), ("r/s/deep", "")):
    with open(f"{base}/{p}", "w") as f:
        f.write(t)
c = filecmp.dircmp(base + "/l", base + "/r")
print(c.left_only, c.right_only, c.same_files, c.diff_files, c.common_dirs, c.subdirs["s"].right_only)
print(filecmp.cmp(base + "/l/same", base + "/r/same", shallow=False), filecmp.cmpfiles(base + "/l", base + "/r", ["same", "diff", "only"], shallow=False))
for n in (1, 2):
    with open(f"{base}/f{n}", "w") as f:
        f.write(f"one {n}\ntwo {n}\n")
with fileinput.input([base + "/f1", base + "/f2"]) as fi:
    for line in fi:
        print(os.path.basename(fi.filename()), fi.lineno(), fi.filelineno(), line.strip())
with fileinput.input(base + "/f1", inplace=True) as fi:
    for line in fi:
        print(line.upper(), end="")
print(open(base + "/f1").read().split("\n"))
