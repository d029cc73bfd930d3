# Programs of one subject; a line `#%% NAME` begins each, `#%% NAME (whole)` one that is not cut into runs of a session.
#%% zero division in a loop
for n in (2, 1, 0):
    print(10 / n)
#%% deep call
def a(x): return b(x)
def b(x):
    return c(
        x,
        1,
    )
def c(x, y):
    raise ValueError(f"bad {x}")
a("thing")
#%% chained from
class AppError(Exception): pass
def load(s):
    try:
        return int(s)
    except ValueError as e:
        raise AppError("cannot load") from e
load("x1")
#%% chained by accident
d = {}
try:
    d["k"]
except KeyError:
    d.nope
#%% suppressed context
try:
    [][0]
except IndexError:
    raise LookupError("clean") from None
#%% reraise and finally
def f():
    try:
        print("try")
        raise KeyError("k")
    except KeyError:
        print("except")
        raise
    else:
        print("else")
    finally:
        print("finally")
try:
    f()
finally:
    print("outer finally")
#%% return in finally
def f():
    for i in range(3):
        try:
            return i
        finally:
            print("cleanup", i)
print(f())
def g():
    while True:
        try:
            raise ValueError
        except ValueError:
            break
        finally:
            print("g")
    return "done"
g()
#%% exception attributes
try:
    raise OSError(2, "gone", "file.txt")
except OSError as e:
    print(type(e), e.errno, e.strerror, e.filename, e.args, repr(e)) if False else print(e.strerror, e.filename, e.args[1:])
try:
    raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad")
except ValueError as e:
    print(e, e.start, e.reason)
try:
    None.foo
except AttributeError as e:
    print(e, e.name, e.obj)
try:
    import nonexistent_module_xyz
except ImportError as e:
    print(e, e.name)
raise StopIteration(5)
#%% notes
try:
    e = ValueError("base")
    e.add_note("first note")
    e.add_note("second\nnote")
    raise e
except ValueError as e:
    print(e.__notes__)
    raise
#%% exception group
def work():
    errors = []
    for s in ("1", "x", None):
        try:
            int(s)
        except Exception as e:
            errors.append(e)
    raise ExceptionGroup("several", errors)
try:
    work()
except* TypeError as group:
    print("types", len(group.exceptions))
except* ValueError as group:
    print("values", group.exceptions[0])
work()
#%% nested groups
g = ExceptionGroup("outer", [ValueError(1), ExceptionGroup("inner", [TypeError("t"), KeyError("k")])])
print(g, g.subgroup(TypeError), g.split(ValueError), repr(g))
try:
    raise g
except* (KeyError, ValueError) as e:
    print(sorted(type(x).__name__ for x in e.exceptions))
#%% traceback module (whole)
import traceback
def fail(): return [1, 2][5]
try:
    fail()
except IndexError as e:
    lines = traceback.format_exception_only(type(e), e)
    print(lines, [f.name for f in traceback.extract_tb(e.__traceback__)], [f.lineno for f in traceback.extract_tb(e.__traceback__)])
    print(traceback.format_exc().splitlines()[-1], e.__traceback__.tb_lineno, e.__traceback__.tb_next.tb_frame.f_code.co_name)
    print(traceback.extract_tb(e.__traceback__)[-1].line)
#%% print_exc to stderr
import traceback, sys
try:
    {}["missing"]
except KeyError:
    traceback.print_exc()
    print("handled", sys.exc_info()[0].__name__)
print(sys.exc_info())
try:
    raise RuntimeError("again")
except RuntimeError:
    traceback.print_exc(file=sys.stdout, limit=0)
#%% syntax error (whole)
print("never")
if True
    print("x")
#%% syntax error in a call (whole)
x = 1
print("a" "b"
y = 2
#%% indentation error (whole)
def f():
    a = 1
      b = 2
    return a
#%% exec of bad code
code = "x = 1\ny = = 2\n"
try:
    exec(code)
except SyntaxError as e:
    print(e.msg, e.lineno, e.offset, e.text, e.filename)
try:
    eval("1 +")
except SyntaxError as e:
    print(type(e).__name__, e.lineno)
try:
    compile("def f(:\n  pass", "given.py", "exec")
except SyntaxError as e:
    print(e.filename, e.lineno)
exec("def g():\n    return undefined_name\ng()")
#%% assertion
def average(xs):
    assert len(xs) > 0, "empty list"
    return sum(xs) / len(xs)
print(average([1, 2, 3]))
average([])
#%% assertion without text
x = 5
assert x < 3
#%% key error with odd keys
d = {("a", 1): 2}
for key in ("it's", 'q"', ("a", 2), None, 1.5):
    try:
        d[key]
    except KeyError as e:
        print(e, e.args)
d["line\nbreak"]
#%% type errors
for expr in ("1 + 'a'", "'a' + 1", "len(5)", "[1][None]", "int([])", "sum(['a'])", "abs('x')", "-'a'", "[] < {}", "next([])", "iter(3)", "'x' * 'y'", "round('1')"):
    try:
        eval(expr)
    except Exception as e:
        print(f"{expr}: {type(e).__name__}: {e}")
#%% argument errors
def f(a, b, *, c): pass
class K:
    def m(self): pass
    def __init__(self, x): pass
for call in (lambda: f(), lambda: f(1), lambda: f(1, 2), lambda: f(1, 2, 3, c=4), lambda: f(1, 2, c=3, d=4), lambda: f(1, a=2, b=3, c=4), lambda: K(), lambda: K(1).m(2), lambda: f(**{1: 2})):
    try:
        call()
    except TypeError as e:
        print(e)
#%% name errors
def f():
    print(y)
    y = 1
for call in (f, lambda: undefined_thing, lambda: prnt):
    try:
        call()
    except NameError as e:
        print(type(e).__name__, e.name if hasattr(e, "name") else "")
import math
math.squareroot(2)
#%% unpacking errors
for code in ("a, b = 1, 2, 3", "a, b = [1]", "a, *b = []", "a, b = 5", "for x, y in [1]: pass", "[a, b] = 'x'", "x = 1; x()", "del q"):
    try:
        exec(code)
    except Exception as e:
        print(type(e).__name__, code)
#%% own exception hook (whole)
import sys
def hook(kind, value, tb):
    print("hooked", kind.__name__, value, tb.tb_lineno)
sys.excepthook = hook
raise RuntimeError("to the hook")
#%% exit codes (whole)
import sys
print("leaving")
sys.exit(3)
#%% exit with text (whole)
import sys
def main():
    try:
        sys.exit("fatal: nothing to do")
    finally:
        print("cleanup")
main()
#%% exit with nothing (whole)
print("a")
raise SystemExit
#%% exit with an odd value (whole)
import sys
sys.exit([1, 2])
#%% exit with a large code (whole)
raise SystemExit(256 + 7)
#%% negative exit (whole)
import sys
sys.exit(-1)
#%% quit is caught
try:
    exit()
except SystemExit as e:
    print("caught", e.code)
try:
    quit(4)
except SystemExit as e:
    print("caught", e.code)
#%% keyboard interrupt (whole)
print("working")
raise KeyboardInterrupt
#%% recursion
def down(n): return down(n + 1)
try:
    down(0)
except RecursionError as e:
    print(type(e).__name__, "maximum recursion depth exceeded" in str(e))
import sys
print(sys.getrecursionlimit())
def depth(n): return 0 if n == 0 else 1 + depth(n - 1)
print(depth(900))
sys.setrecursionlimit(3000)
print(depth(2500))
#%% recursion in repr and json
class R:
    def __repr__(self): return f"R({self!r})"
try:
    repr(R())
except RecursionError:
    print("repr")
import json
x = []; x.append(x)
try:
    json.dumps(x)
except ValueError as e:
    print(e)
deep = []
for _ in range(500):
    deep = [deep]
print(len(str(deep)), len(json.dumps(deep)), json.loads(json.dumps(deep)) == deep)
#%% memory error by hand
def allocate():
    raise MemoryError("no room")
try:
    allocate()
except MemoryError as e:
    print("caught", e)
try:
    bytearray(2**50)
except (MemoryError, OverflowError):
    print("too large")
#%% exceptions in generators
def g():
    try:
        yield 1
        yield 2
    except ValueError as e:
        print("in", e)
        yield 99
    finally:
        print("closing")
it = g()
print(next(it), it.throw(ValueError("thrown")))
print(next(it, "end"))
def bad():
    yield 1
    raise StopIteration
list(bad())
#%% unraisable in a finalizer
class Bad:
    def __del__(self):
        raise ValueError("in del")
import sys
sys.unraisablehook = lambda u: print("unraisable", u.exc_type.__name__, u.exc_value)
b = Bad()
del b
print("goes on")
#%% warnings are shown once
import warnings
def old():
    warnings.warn("old is deprecated", DeprecationWarning, stacklevel=2)
    return 1
for _ in range(3):
    old()
warnings.warn("twice")
def f():
    warnings.warn("from f", RuntimeWarning)
f(); f()
#%% warnings as errors (whole)
import warnings
with warnings.catch_warnings():
    warnings.simplefilter("error")
    try:
        warnings.warn("now an error", UserWarning)
    except UserWarning as w:
        print("raised", w)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    warnings.warn("a", FutureWarning); warnings.warn("b")
print([(w.category.__name__, str(w.message), w.lineno) for w in caught])
warnings.filterwarnings("ignore", message="quiet.*")
warnings.warn("quiet please")
warnings.warn("loud")
#%% syntax warnings
x = 5
print([1](0) if x > 5 else x)
#%% retries
import functools
def retry(times, on):
    def wrap(f):
        @functools.wraps(f)
        def inner(*a):
            for attempt in range(1, times + 1):
                try:
                    return f(*a)
                except on as e:
                    print(f"attempt {attempt} of {f.__name__}: {e!r}")
                    last = e
            raise RuntimeError("gave up") from last
        return inner
    return wrap
calls = iter([ConnectionError("refused"), TimeoutError("slow"), 42])
@retry(3, OSError)
def fetch():
    r = next(calls)
    if isinstance(r, Exception): raise r
    return r
print(fetch())
@retry(2, ValueError)
def parse(s): return int(s)
parse("z")
#%% error in a comprehension
def load(rows):
    return [int(r) for r in rows]
print(load(["1", "2"]))
print(list(1 / v for v in (1, 0)))
#%% error inside a library callback
def key(x):
    return x["name"]
sorted([{"name": 1}, {"nam": 2}], key=key)
#%% exception with several arguments
class E(Exception):
    pass
print(E(), repr(E()), E(1, 2), repr(E("a", 1)), str(E(("t",))), KeyError("a", "b"), OSError("x"))
raise E("first", 2, None)
#%% str of an exception fails
class Bad(Exception):
    def __str__(self): return 1 / 0
raise Bad("x")
#%% multi line message
raise ValueError("first line\n  second line\n\nlast: é 日本")
#%% except chooses
class A(Exception): pass
class B(A): pass
for kind in (A, B, ValueError):
    try:
        raise kind("x")
    except B: print("B")
    except (A, TypeError): print("A or TypeError")
    except Exception as e: print("other", type(e).__name__)
try:
    e
except NameError as err:
    print("deleted after except", err.name)
#%% close files on error
import io
class F(io.StringIO):
    def close(self):
        print("closed")
        super().close()
try:
    with F("a\nb") as f:
        for i, line in enumerate(f):
            print(line.strip())
            if i: raise RuntimeError("stop")
except RuntimeError as e:
    print(e, f.closed)
f.read()
#%% error of a library call on a missing file
import os
def size(path):
    return os.path.getsize(path)
try:
    size("nowhere.txt")
except FileNotFoundError as e:
    import traceback
    print([f.name for f in traceback.extract_tb(e.__traceback__)][:2], traceback.format_exc().count("File "))
os.mkdir("d")
try:
    os.mkdir("d")
except FileExistsError:
    print(len(traceback.format_exc().splitlines()) < 7)
raise KeyError("end")
#%% code made by exec fails
source = "def double(x):\n    return x * two\n"
names = {}
exec(source, names)
print("defined")
names["double"](4)
#%% stack of callers
import traceback, inspect
def inner(): return [f.name for f in traceback.extract_stack()][-2:]
def outer(): return inner()
print(outer(), inspect.stack()[0].function)
traceback.print_stack(limit=1)
#%% error in a generator in a loop
def gen():
    yield 1
    raise RuntimeError("gen broke")
for x in gen():
    print(x)
#%% frames of lambdas and decorators
import functools
def deco(f):
    @functools.wraps(f)
    def wrapper(*a, **k):
        return f(*a, **k)
    return wrapper
@deco
def target(x): return (lambda y: y["k"])(x)
target({})
#%% error in a function that pandas calls
import pandas as pd
df = pd.DataFrame({"a": [1, 0]})
def inverse(v):
    return [][v]
df["a"].apply(inverse)
#%% error of json for an own object
import json
class C:
    def to_json(self): return json.dumps(self)
C().to_json()
