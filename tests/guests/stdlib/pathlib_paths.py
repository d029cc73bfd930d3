from pathlib import Path, PurePosixPath, PureWindowsPath
import shutil

p = PurePosixPath("/srv/data/report.tar.gz")
print(p.name, p.stem, p.suffix, p.suffixes, p.parent, p.parts, p.anchor)
print(p.with_suffix(".zip"), p.with_name("x.txt"), p.relative_to("/srv"), p / "../up", p.is_absolute(), p.match("*.gz"))
print([str(q) for q in p.parents], PurePosixPath("a//b/./c"), PurePosixPath("a") < PurePosixPath("b"))
w = PureWindowsPath(r"C:\Users\ann\file.TXT")
print(w.drive, w.as_posix(), w == PureWindowsPath("c:/users/ANN/FILE.txt"))
root = Path("/tmp/pl_test")
shutil.rmtree(root, ignore_errors=True)
(root / "sub" / "deep").mkdir(parents=True)
(root / "a.txt").write_text("alpha\nbeta\n", encoding="utf-8")
(root / "sub" / "b.txt").write_bytes(b"\x00\x01")
(root / "sub" / "deep" / "c.md").touch()
print(sorted(x.relative_to(root).as_posix() for x in root.rglob("*")))
print(sorted(x.name for x in root.glob("**/*.txt")), sorted(x.name for x in root.iterdir()))
f = root / "a.txt"
print(f.read_text().split(), f.stat().st_size, f.exists(), f.is_file(), f.is_dir(), (root / "sub/b.txt").read_bytes())
g = f.rename(root / "z.txt")
print(g.name, f.exists(), (root / "sub" / ".." / "z.txt").resolve() == g.resolve())
with g.open("a") as fh:
    fh.write("gamma\n")
print(len(g.read_text().splitlines()), g.with_stem("y").name)
g.unlink(); g.unlink(missing_ok=True)
try:
    (root / "sub").rmdir()
except OSError as e:
    print("not empty", e.errno is not None)
try:
    p.relative_to("/etc")
except ValueError:
    print("not relative", p.is_relative_to("/srv/data"))
shutil.rmtree(root)
print(root.exists(), Path("x") / Path("/abs"), repr(PurePosixPath("q/r")))
