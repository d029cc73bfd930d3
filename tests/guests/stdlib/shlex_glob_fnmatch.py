import fnmatch
import getopt
import glob
import os
import shlex
import shutil

print(shlex.split("cp 'my file.txt' \"dest dir\"/x --flag=a\\ b # no"), shlex.split("a # c", comments=True))
print(shlex.quote("it's $HOME"), shlex.join(["echo", "a b", "", "ok"]))
lex = shlex.shlex("x=1; y >= 'two words'", posix=True, punctuation_chars=True)
print(list(lex))
try:
    shlex.split("unclosed 'quote")
except ValueError as e:
    print(e)
print(fnmatch.fnmatch("a.TXT", "*.txt"), fnmatch.fnmatchcase("abc", "a?[!x]"), fnmatch.filter(["a.py", "b.pyc", ".c.py"], "*.py"))
root = "/tmp/globs"
shutil.rmtree(root, ignore_errors=True)
for p in ("a.txt", "b1.txt", "b2.txt", ".hidden.txt", "sub/c.txt", "sub/deep/d.md", "[x].txt"):
    os.makedirs(os.path.dirname(f"{root}/{p}"), exist_ok=True)
    open(f"{root}/{p}", "w").close()
show = lambda ps: sorted(os.path.relpath(p, root) for p in ps)
print(show(glob.glob(root + "/*.txt")), show(glob.iglob(root + "/b[0-9].*")))
print(show(glob.glob(root + "/**/*.*", recursive=True)), glob.glob("*.txt", root_dir=root + "/sub"))
print(show(glob.glob(root + "/**/", recursive=True)), show(glob.glob(f"{root}/{glob.escape('[x]')}*")))
print(getopt.getopt(["-a", "-o", "out", "--long=v", "rest"], "ao:", ["long="]))
try:
    getopt.getopt(["-z"], "a")
except getopt.GetoptError as e:
    print(e)
