import os
import shutil
from pathlib import Path

root = Path("/tmp/sh_test")
shutil.rmtree(root, ignore_errors=True)
src = root / "src"
(src / "pkg" / "__pycache__").mkdir(parents=True)
(src / "main.py").write_text("print('hi')\n")
(src / "pkg" / "mod.py").write_text("x = 1\n" * 100)
(src / "pkg" / "__pycache__" / "mod.pyc").write_bytes(b"junk")
dst = shutil.copytree(src, root / "dst", ignore=shutil.ignore_patterns("*.pyc", "__pycache__"))
print(sorted(p.relative_to(dst).as_posix() for p in Path(dst).rglob("*")))
print(Path(shutil.copy(src / "main.py", root / "copy.py")).read_text().strip())
os.utime(src / "main.py", (10 ** 9, 10 ** 9))
shutil.copy2(src / "main.py", root / "copy2.py")
print(int((root / "copy2.py").stat().st_mtime))
print(Path(shutil.move(str(root / "copy.py"), str(src / "pkg"))).relative_to(root), (root / "copy.py").exists())
with open(src / "pkg" / "mod.py", "rb") as a, open(root / "raw", "wb") as b:
    shutil.copyfileobj(a, b, 64)
print((root / "raw").stat().st_size)
for fmt in ("zip", "gztar"):
    arc = shutil.make_archive(str(root / "out"), fmt, root_dir=src, base_dir="pkg")
    shutil.unpack_archive(arc, root / ("un_" + fmt), **({"filter": "data"} if fmt == "gztar" else {}))
    print(os.path.basename(arc), sorted(p.name for p in (root / ("un_" + fmt)).rglob("*.py")))
try:
    shutil.copytree(src, dst)
except FileExistsError as e:
    print(type(e).__name__)
try:
    shutil.copyfile(root / "raw", root / "raw")
except shutil.SameFileError as e:
    print(type(e).__name__)
shutil.copytree(src, dst, dirs_exist_ok=True)
print(sum(1 for p in Path(dst).rglob("*") if p.is_file()))
shutil.rmtree(root)
print(root.exists(), "zip" in [n for n, _ in shutil.get_archive_formats()])
