# Programs of one subject; a line `#%% NAME` begins each, `#%% NAME (whole)` one that is not cut into runs of a session.
#%% argparse
import argparse
p = argparse.ArgumentParser(prog="tool", description="Does things.", epilog="The end.")
p.add_argument("path")
p.add_argument("-n", "--number", type=int, default=3, metavar="N")
p.add_argument("-v", "--verbose", action="count", default=0)
p.add_argument("--mode", choices=["fast", "slow"])
sub = p.parse_args(["in.txt", "-n", "7", "-vv", "--mode", "fast"])
print(sub, sub.number + 1)
print(p.parse_known_args(["x", "--other"]))
print(p.format_usage())
#%% argparse errors (whole)
import argparse
p = argparse.ArgumentParser(prog="tool")
p.add_argument("count", type=int)
p.add_argument("--flag", action="store_true")
try:
    p.parse_args(["x"])
except SystemExit as e:
    print("code", e.code)
p.parse_args(["1", "--nope"])
#%% argparse help (whole)
import argparse
p = argparse.ArgumentParser(prog="tool")
s = p.add_subparsers(dest="cmd", required=True)
a = s.add_parser("add"); a.add_argument("x", nargs="+", type=float)
s.add_parser("list")
ns = p.parse_args(["add", "1", "2.5"])
print(ns.cmd, sum(ns.x))
p.parse_args([])
#%% logging formats (whole)
import logging, sys
logging.basicConfig(stream=sys.stdout, level=logging.DEBUG, format="%(levelname)-8s %(name)s:%(lineno)d %(funcName)s %(message)s")
log = logging.getLogger("app.db")
def work():
    log.debug("debug %d %s", 1, "two")
    log.warning("warn")
    try:
        1 / 0
    except ZeroDivisionError:
        log.error("failed", exc_info=False)
work()
log.setLevel(logging.ERROR)
log.info("hidden")
print(log.isEnabledFor(logging.INFO), log.parent.name, logging.getLevelName(30), log.getEffectiveLevel(), log)
#%% logging to standard error (whole)
import logging
logging.warning("careful %s", "now")
logging.info("not shown")
logging.getLogger("x").error("an error")
log = logging.getLogger("y")
try:
    {}["k"]
except KeyError:
    log.exception("with traceback")
#%% logging handlers
import logging, io
buf = io.StringIO()
h = logging.StreamHandler(buf)
h.setFormatter(logging.Formatter("{levelname}|{message}|{user}", style="{"))
log = logging.getLogger("svc"); log.propagate = False; log.addHandler(h); log.setLevel("INFO")
class Only(logging.Filter):
    def filter(self, r): r.user = "ann"; return "secret" not in r.getMessage()
log.addFilter(Only())
log.info("hello %(name)s", {"name": "you"}); log.info("secret"); log.critical("end")
print(buf.getvalue(), log.handlers[0].level, log.hasHandlers())
log.info("%s", "a string")
with open("f.log", "w"): pass
fh = logging.FileHandler("f.log"); log.addHandler(fh); log.warning("to file"); fh.close()
print(open("f.log").read())
#%% logging after basicConfig twice
import logging, sys
logging.basicConfig(format="first %(message)s", stream=sys.stdout)
logging.basicConfig(format="second %(message)s", stream=sys.stdout)
logging.warning("a")
logging.basicConfig(format="third %(message)s", stream=sys.stdout, force=True)
logging.warning("b")
logging.root.handlers, len(logging.root.handlers)
len(logging.root.handlers)
#%% unittest (whole)
import unittest, sys
class T(unittest.TestCase):
    def setUp(self): self.x = [1]
    def test_ok(self): self.assertEqual(sum(self.x), 1)
    def test_raises(self):
        with self.assertRaisesRegex(ValueError, "inv.*"): int("x")
    @unittest.skip("later")
    def test_skip(self): pass
    def test_sub(self):
        for i in range(3):
            with self.subTest(i=i): self.assertLess(i, 5)
r = unittest.TextTestRunner(stream=open("log.txt", "w"), verbosity=0).run(unittest.defaultTestLoader.loadTestsFromTestCase(T))
print(r.testsRun, len(r.failures), len(r.errors), len(r.skipped), r.wasSuccessful())
#%% failing unittest (whole)
import unittest
class T(unittest.TestCase):
    def test_a(self): self.assertEqual([1, 2], [1, 3])
    def test_b(self): self.fail("no")
r = unittest.TestResult()
unittest.defaultTestLoader.loadTestsFromTestCase(T).run(r)
for test, text in r.failures: print(test.id(), text.splitlines()[-1])
print(r)
#%% mock
from unittest.mock import Mock, patch, MagicMock, call
m = Mock(return_value=3, side_effect=None)
print(m(1, a=2), m.called, m.call_args, m.mock_calls == [call(1, a=2)])
with patch("os.getcwd", return_value="/fake"):
    import os
    print(os.getcwd())
d = MagicMock(); d.__len__.return_value = 7
print(len(d), d.x.y.return_value is d.x.y())
m.side_effect = [1, ValueError("second")]
print(m())
try: m()
except ValueError as e: print(e)
m.assert_called_once()
#%% doctest
import doctest, sys
def add(a, b):
    """
    >>> add(1, 2)
    3
    >>> add("a", 1)
    Traceback (most recent call last):
    TypeError: can only concatenate str (not "int") to str
    >>> [add(i, i) for i in range(3)]
    [0, 2, 4]
    """
    return a + b
runner = doctest.DocTestRunner(verbose=False)
for t in doctest.DocTestFinder().find(add, "add", globs={"add": add}):
    print(runner.run(t))
#%% inspecting functions
import inspect
def f(a, b: int = 2, *args, c, d=None, **kw) -> str:
    """Doc."""
    x = a + b
    return str(x)
print(inspect.signature(f), inspect.getsource(f), inspect.getfullargspec(f), inspect.signature(f).bind(1, c=2).arguments, f.__annotations__, f.__code__.co_argcount, f.__code__.co_firstlineno > 0, f.__name__, f.__doc__, sep="\n")
print(inspect.getsourcelines(f)[1] > 0, [n for n, p in inspect.signature(f).parameters.items() if p.kind is p.KEYWORD_ONLY], inspect.isgeneratorfunction(f), inspect.stack()[0].function, inspect.currentframe().f_lineno > 0)
#%% source of a lambda and a decorated function
import inspect, functools
def deco(g):
    @functools.wraps(g)
    def w(*a): return g(*a)
    return w
@deco
def h(x):
    # a comment
    return x
square = lambda x: x * x
print(inspect.getsource(h), inspect.getsource(square), inspect.unwrap(h) is h.__wrapped__, inspect.getcomments(h.__wrapped__), sep="\n")
#%% source of a class in a program without a file
import inspect
class K:
    x = 1
try:
    print(len(inspect.getsource(K)))
except (OSError, TypeError) as e:
    print(type(e).__name__)
#%% disassembly and ast
import ast
tree = ast.parse("def f(x):\n    return x + 1\n")
print(ast.dump(tree.body[0].args.args[0]), [type(n).__name__ for n in ast.walk(tree)], ast.unparse(tree), ast.literal_eval("{'a': [1, (2, None)]}"))
class V(ast.NodeTransformer):
    def visit_Constant(self, n): return ast.copy_location(ast.Constant(n.value * 10), n)
ns = {}
exec(compile(ast.fix_missing_locations(V().visit(tree)), "gen", "exec"), ns)
print(ns["f"](5), eval("x * 2", {"x": 21}), eval(compile("1 + 1", "e", "eval")))
try:
    ast.literal_eval("__import__('os')")
except ValueError as e:
    print(str(e)[:24])
#%% a safe calculator
import ast, operator
ops = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: operator.pow, ast.USub: operator.neg}
def calc(n):
    if isinstance(n, ast.Expression): return calc(n.body)
    if isinstance(n, ast.Constant) and isinstance(n.value, (int, float)): return n.value
    if isinstance(n, ast.BinOp): return ops[type(n.op)](calc(n.left), calc(n.right))
    if isinstance(n, ast.UnaryOp): return ops[type(n.op)](calc(n.operand))
    raise ValueError(f"not allowed: {ast.unparse(n)}")
print([calc(ast.parse(e, mode="eval")) for e in ("2 + 3 * 4", "-(2 ** 10) / 3", "1.5 - 2")])
calc(ast.parse("open('x')", mode="eval"))
#%% exit handlers (whole)
import atexit
atexit.register(print, "registered first")
@atexit.register
def last(): print("registered last")
atexit.unregister(print) if False else None
print("main ends")
#%% exit handlers after an error (whole)
import atexit
atexit.register(lambda: print("handler ran"))
raise ValueError("end")
#%% os._exit (whole)
import os
print("printed", flush=True)
os._exit(4)
#%% what sys tells
import sys
print(sys.argv, sys.version_info >= (3, 11), sys.implementation.name, sys.byteorder, sys.getdefaultencoding(), sys.stdout.encoding, sys.getfilesystemencoding(), sys.float_repr_style, sys.path[0] == "", __name__, sys.getsizeof(1) > 0, sys.flags.optimize, sys.stdin.isatty(), sys.modules["__main__"].__name__)
#%% platform names
import sys, platform, os
print(sys.platform, os.name, platform.system(), os.uname().sysname, platform.machine())
#%% copying and comparing objects
import copy
class N:
    def __init__(self, v): self.v, self.next = v, None
    def __deepcopy__(self, memo):
        print("deep", self.v)
        n = N(self.v); memo[id(self)] = n
        n.next = copy.deepcopy(self.next, memo)
        return n
a = N(1); a.next = N(2); a.next.next = a
b = copy.deepcopy(a)
print(b.next.next is b, b is not a, copy.copy([1, [2]]), a == b)
copy.replace if False else None
#%% shlex, fnmatch, string
import shlex, fnmatch, string, re
print(shlex.split("run 'a b' --x=\"c d\" e\\ f"), shlex.quote("it's"), shlex.join(["a b", "c"]), fnmatch.filter(["a.py", "b.txt", "c.PY"], "*.py"), string.ascii_letters[:5], string.capwords("hello big world"), string.Formatter().vformat("{0}{x}", (1,), {"x": 2}))
shlex.split("unclosed 'quote")
#%% secrets and getpass
import secrets, string
t = secrets.token_urlsafe(16)
pw = "".join(secrets.choice(string.ascii_letters) for _ in range(12))
print(len(t) >= 20, len(pw), pw.isalpha(), secrets.randbelow(1), len(secrets.token_bytes(5)), secrets.compare_digest(b"a", b"b"))
#%% timeit, cProfile, tracemalloc
import timeit, cProfile, pstats, io, tracemalloc
print(timeit.timeit("1 + 1", number=10) >= 0, len(timeit.repeat("x = 1", number=1, repeat=3)))
pr = cProfile.Profile(); pr.enable(); sorted(range(100)); pr.disable()
s = io.StringIO(); pstats.Stats(pr, stream=s).print_stats()
print("function calls" in s.getvalue())
tracemalloc.start(); x = [bytes(100) for _ in range(100)]; cur, peak = tracemalloc.get_traced_memory(); tracemalloc.stop()
print(peak >= cur > 0)
#%% gc and weak structures
import gc, weakref
class Node:
    def __init__(self): self.me = self
n = Node(); r = weakref.ref(n)
del n
print(gc.collect() >= 1, r(), gc.isenabled(), gc.get_threshold()[0] > 0)
s = weakref.WeakSet(); o = Node(); s.add(o); print(len(s))
k = weakref.WeakKeyDictionary({o: 1}); print(k[o], len(k))
p = weakref.proxy(o); print(p.me is o)
weakref.ref(5)
#%% ctypes sizes
import ctypes
print(ctypes.sizeof(ctypes.c_int), ctypes.sizeof(ctypes.c_longlong), ctypes.c_uint8(300).value, ctypes.c_int32(2**31).value, bytes(ctypes.c_uint16(0x1234)))
class P(ctypes.Structure): _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_double)]
print(ctypes.sizeof(P), P(1, 2.5).y, ctypes.sizeof(ctypes.c_void_p), ctypes.sizeof(ctypes.c_long))
#%% network is absent
import socket, urllib.request
try:
    urllib.request.urlopen("http://127.0.0.1:9/", timeout=1)
except OSError as e:
    print(isinstance(e, urllib.error.URLError))
try:
    urllib.request.urlopen("http://no-such-host.invalid/")
except urllib.error.URLError as e:
    print(type(e.reason).__name__)
for look in (socket.gethostbyname, lambda h: socket.create_connection((h, 80), 1), lambda h: socket.getaddrinfo(h, 80)):
    try:
        look("no-such-host.invalid")
    except socket.gaierror as e:
        print("no address", isinstance(e, OSError))
print(socket.inet_aton("1.2.3.4"), socket.htons(1) in (1, 256), socket.gethostname() != "")
#%% a tiny state machine
from enum import Enum, auto
class S(Enum):
    IDLE = auto(); RUN = auto(); DONE = auto()
moves = {(S.IDLE, "start"): S.RUN, (S.RUN, "stop"): S.DONE}
class Machine:
    def __init__(self): self.s, self.log = S.IDLE, []
    def on(self, e):
        try:
            self.s = moves[self.s, e]
        except KeyError:
            raise ValueError(f"cannot {e} in {self.s.name}") from None
        self.log.append(self.s)
        return self
m = Machine().on("start").on("stop")
print(m.log, m.s)
m.on("start")
#%% event system and observers
from collections import defaultdict
class Bus:
    def __init__(self): self.subs = defaultdict(list)
    def on(self, name):
        def deco(f):
            self.subs[name].append(f)
            return f
        return deco
    def emit(self, name, *a):
        return [f(*a) for f in self.subs[name]]
bus = Bus()
@bus.on("add")
def total(a, b): return a + b
@bus.on("add")
def show(a, b): print("adding", a, b)
print(bus.emit("add", 1, 2), bus.emit("none"), len(bus.subs))
#%% bank simulation with logging to a list
import random
random.seed(11)
class Bank:
    def __init__(self): self.accounts, self.log = {}, []
    def open(self, name, amount=0):
        if name in self.accounts: raise KeyError(f"{name} exists")
        self.accounts[name] = amount
    def move(self, a, b, amount):
        if self.accounts[a] < amount:
            self.log.append(("refused", a, amount)); return False
        self.accounts[a] -= amount; self.accounts[b] += amount
        self.log.append(("moved", a, b, amount)); return True
b = Bank()
for n in "xyz": b.open(n, 50)
for _ in range(8): b.move(*random.sample("xyz", 2), random.randint(5, 40))
print(b.accounts, sum(b.accounts.values()), b.log[:3], len(b.log))
b.open("x")
#%% inventory from json lines
import json, io
lines = io.StringIO('{"sku": "A1", "qty": 5, "price": 2.5}\n{"sku": "B2", "qty": 0, "price": 10}\nbroken\n{"sku": "C3", "qty": 2}\n')
good, bad = [], []
for n, line in enumerate(lines, 1):
    try:
        row = json.loads(line)
        good.append((row["sku"], row["qty"] * row["price"]))
    except (json.JSONDecodeError, KeyError) as e:
        bad.append((n, type(e).__name__, str(e)))
print(good, bad, sep="\n")
#%% text adventure map
from dataclasses import dataclass, field
@dataclass
class Room:
    name: str
    exits: dict = field(default_factory=dict)
    def link(self, way, other):
        back = {"north": "south", "east": "west"}[way]
        self.exits[way], other.exits[back] = other.name, self.name
hall, attic, yard = Room("hall"), Room("attic"), Room("yard")
hall.link("north", attic); hall.link("east", yard)
rooms = {r.name: r for r in (hall, attic, yard)}
here = hall
for step in ("north", "south", "east", "up"):
    if step in here.exits:
        here = rooms[here.exits[step]]; print(step, "->", here)
    else:
        print("no way", step)
hall.link("up", attic)
#%% matrix class with pretty errors
class Matrix:
    def __init__(self, rows):
        if len({len(r) for r in rows}) != 1: raise ValueError("ragged rows")
        self.rows = [list(r) for r in rows]
    def __matmul__(self, o):
        if len(self.rows[0]) != len(o.rows): raise ValueError(f"{len(self.rows[0])} columns against {len(o.rows)} rows")
        return Matrix([[sum(a * b for a, b in zip(r, c)) for c in zip(*o.rows)] for r in self.rows])
    def __getitem__(self, ij): return self.rows[ij[0]][ij[1]]
    def __str__(self): return "\n".join(" ".join(f"{v:5.1f}" for v in r) for r in self.rows)
m = Matrix([[1, 2], [3, 4]])
print(m @ m, m[1, 0], sep="\n")
m @ Matrix([[1, 2, 3]])
#%% tokenizer and parser of a language
import re
def parse(src):
    toks = re.findall(r"\(|\)|[^\s()]+", src)
    def read():
        t = toks.pop(0)
        if t == "(":
            out = []
            while toks[0] != ")": out.append(read())
            toks.pop(0)
            return out
        try: return int(t)
        except ValueError: return t
    return read()
env = {"+": lambda *a: sum(a), "*": lambda a, b: a * b, "<": lambda a, b: a < b}
def ev(x, env):
    if isinstance(x, str): return env[x]
    if isinstance(x, int): return x
    if x[0] == "if": return ev(x[2] if ev(x[1], env) else x[3], env)
    if x[0] == "let": return ev(x[3], {**env, x[1]: ev(x[2], env)})
    if x[0] == "fn": return lambda *a: ev(x[2], {**env, **dict(zip(x[1], a))})
    f, *args = (ev(e, env) for e in x)
    return f(*args)
print(ev(parse("(let x 5 (if (< x 10) (* x (+ x 1 2)) 0))"), env), ev(parse("((fn (a b) (+ a b)) 3 4)"), env))
ev(parse("(undefined 1)"), env)
#%% bits of http and html without a network
from http import HTTPStatus
from http.cookies import SimpleCookie
from wsgiref.util import setup_testing_defaults
c = SimpleCookie("a=1; b=two"); c["c"] = "x y"; c["c"]["max-age"] = 5
print(HTTPStatus(404).phrase, HTTPStatus.OK == 200, c["b"].value, c.output(), repr(HTTPStatus.CREATED))
env = {}; setup_testing_defaults(env)
def app(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    return [environ["REQUEST_METHOD"].encode()]
print(app(env, lambda s, h: print(s, h)))
#%% colours, checks and misc
import colorsys, keyword, numbers, types, platform, sysconfig, webbrowser, gettext, bisect
print(colorsys.rgb_to_hsv(1, 0.5, 0), keyword.iskeyword("match"), keyword.issoftkeyword("match"), isinstance(3, numbers.Integral), types.SimpleNamespace(a=1), types.MappingProxyType({"x": 1}), gettext.gettext("hi"), platform.python_implementation())
ns = types.SimpleNamespace(x=1); ns.y = 2
print(ns, ns == types.SimpleNamespace(x=1, y=2), vars(ns), types.new_class("Dyn").__name__)
types.MappingProxyType({})["k"] = 1
#%% docstring and main guard
"""About this program."""
print(__doc__, __name__, __spec__, __package__)
def main():
    """Main."""
    print(main.__doc__, main.__module__, main.__qualname__)
if __name__ == "__main__":
    main()
#%% killed by a signal of its own (whole)
import os, signal
print("a", flush=True)
os.kill(os.getpid(), signal.SIGTERM)
print("b")
#%% interrupt twice (whole)
import signal
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
signal.raise_signal(signal.SIGINT)
#%% a time limit by alarm (whole)
import signal, time
class TooSlow(Exception): pass
def handler(n, frame): raise TooSlow(f"signal {n}")
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.02)
try:
    n = 0
    while n >= 0:
        n += 1
except TooSlow as e:
    print("caught", e, n > 0)
finally:
    signal.setitimer(signal.ITIMER_REAL, 0)
print(signal.alarm(0))
#%% forgotten await
import asyncio
async def f(): return 1
f()
print("done")
#%% streams of the program
import sys, shutil, io
print(shutil.get_terminal_size(), sys.stdout.isatty(), sys.stdout.fileno(), sys.stdin.isatty(), sys.stderr.errors)
sys.stdout.reconfigure(line_buffering=True)
sys.stdout.buffer.write(b"bytes\n")
sys.stdout.flush()
old, sys.stdout = sys.stdout, io.StringIO()
print("hidden")
got, sys.stdout = sys.stdout.getvalue(), old
print(got.upper(), end="")
sys.displayhook({"shown": 1})
print("err", file=sys.__stderr__)
#%% names that are there at the start
print(sorted(k for k in globals() if k != "__annotations__"))
#%% tracing calls
import sys
calls = []
def tracer(frame, event, arg):
    if event == "call": calls.append(frame.f_code.co_name)
    return tracer
def f(): return g()
def g(): return 1
sys.settrace(tracer); f(); sys.settrace(None)
print(calls)
#%% what can be found
import importlib.metadata as m, importlib.util, zoneinfo, pkgutil
print(m.version("pandas"), importlib.util.find_spec("numpy") is not None, importlib.util.find_spec("not_there"), "Europe/Berlin" in zoneinfo.available_timezones(), pkgutil.find_loader if False else "", importlib.import_module("json").__name__)
importlib.import_module("not_there_at_all")
#%% hashing with scrypt
import hashlib
print(hashlib.scrypt(b"password", salt=b"salt", n=16, r=1, p=1).hex()[:16])
#%% duplicated descriptors and pipes
import os
copy = os.dup(1)
os.write(copy, b"written\n")
r, w = os.pipe()
os.write(w, b"x")
print(os.read(r, 1))
#%% a command by os.system
import os
print(os.system("exit 3") >> 8)
