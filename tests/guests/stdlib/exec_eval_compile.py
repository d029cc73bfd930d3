import builtins
import code
import contextlib
import io
import sys

ns = {"x": 5}
exec("def dbl(n):\n    return n * 2\ny = dbl(x)", ns)
print(ns["y"], eval("x ** 2 + y", ns), eval("[i for i in range(x)]", {"x": 3}))
c = compile("a + b", "<expr>", "eval")
print(eval(c, {"a": 1}, {"b": 2}), c.co_filename, sorted(c.co_names))
restricted = {"__builtins__": {"len": len, "print": print}}
exec("print(len('abc'))", restricted)
try:
    exec("open('/tmp/x', 'w')", restricted)
except NameError as e:
    print(e)
out = io.StringIO()
interp = code.InteractiveInterpreter({"v": 1})
with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
    print(interp.runsource("v + 41"), interp.runsource("for i in range(2):"), interp.runsource("1/0"))
print(out.getvalue().split("\n")[0], "ZeroDivisionError" in out.getvalue(), out.getvalue().strip().split("\n")[-1])
print(code.compile_command("if x:"), code.compile_command("1") is not None)
g = (lambda: 0).__globals__
print(g is globals(), "ns" in vars(), builtins.abs(-3), callable(print), getattr(sys, "maxsize") > 2 ** 30, id(ns) == id(ns))
for src in ("1 +", "def f(:", "  x", "f(a=1, a=2)", "return 1", "'abc", "x = 08"):
    try:
        compile(src, "s", "exec")
    except SyntaxError as e:
        print(repr(src), type(e).__name__)
def f(a, b=[]):
    b.append(a)
    return b
f(1); print(f(2), f.__defaults__, f.__code__.co_varnames, f.__code__.co_argcount)
print(sys.getrecursionlimit() >= 500, sys.byteorder, type(sys.getsizeof([])).__name__, sys.intern("ab") is sys.intern("a" + "b"))
