import importlib
import importlib.util
import os
import pkgutil
import runpy
import sys
import zipfile

root = "/tmp/imp_test"
os.makedirs(root + "/mypkg/sub", exist_ok=True)
files = {"mypkg/__init__.py": "from .a import VALUE\n__all__ = ['a']\n", "mypkg/a.py": "VALUE = 41\n",
         "mypkg/sub/__init__.py": "from ..a import VALUE as V\nX = V + 1\n", "script.py": "import sys\nname = __name__\nresult = 6 * 7\n"}
for name, text in files.items():
    with open(f"{root}/{name}", "w") as f:
        f.write(text)
with zipfile.ZipFile(root + "/z.zip", "w") as z:
    z.writestr("zipped_mod.py", "def hi(): return 'from zip'\n")
    z.writestr("zdata/info.txt", "resource")
sys.path[:0] = [root, root + "/z.zip"]
importlib.invalidate_caches()
import mypkg
import zipped_mod
print(mypkg.VALUE, importlib.import_module("mypkg.sub").X, zipped_mod.hi(), mypkg.__name__, mypkg.__path__ == [root + "/mypkg"])
print(sorted(m.name for m in pkgutil.iter_modules(mypkg.__path__)), os.path.basename(mypkg.a.__file__))
with open(root + "/mypkg/a.py", "w") as f:
    f.write("VALUE = 1000000\n")
importlib.invalidate_caches()
print(importlib.reload(mypkg.a).VALUE, mypkg.VALUE, "mypkg.sub" in sys.modules)
print(runpy.run_path(root + "/script.py", run_name="custom")["name"], pkgutil.get_data("mypkg", "a.py"))
spec = importlib.util.spec_from_file_location("direct", root + "/script.py")
mod = importlib.util.module_from_spec(spec); spec.loader.exec_module(mod)
print(mod.result, mod.name, importlib.util.find_spec("json").name, importlib.util.find_spec("no_such_mod_x"))
try:
    import no_such_mod_x
except ModuleNotFoundError as e:
    print(e, e.name)
try:
    from mypkg import missing
except ImportError as e:
    print(type(e).__name__, e.name)
