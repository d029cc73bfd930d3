# Programs of one subject; a line `#%% NAME` begins each, `#%% NAME (whole)` one that is not cut into runs of a session.
#%% generator pipeline
def read(lines):
    for line in lines:
        yield line.strip()
def parse(rows):
    for row in rows:
        if row and not row.startswith("#"):
            k, _, v = row.partition("=")
            yield k.strip(), int(v)
def totals(pairs):
    acc = {}
    for k, v in pairs:
        acc[k] = acc.get(k, 0) + v
        yield dict(acc)
for state in totals(parse(read(["# c", "a = 1", "", "b=2", " a=5 "]))):
    print(state)
#%% send and close
def averager():
    total, n, avg = 0, 0, None
    try:
        while True:
            x = yield avg
            total += x; n += 1; avg = total / n
    finally:
        print("closed after", n)
g = averager()
next(g)
print([g.send(x) for x in (10, 20, 60)])
g.close()
g.send(1)
#%% yield from
def flatten(x):
    for e in x:
        if isinstance(e, (list, tuple)):
            yield from flatten(e)
        else:
            yield e
print(list(flatten([1, [2, (3, [4])], []])))
def sub():
    got = yield "ready"
    return f"got {got}"
def main():
    result = yield from sub()
    yield result
m = main()
print(next(m), m.send("x"))
#%% generator left half way
def counter():
    n = 0
    while True:
        n += 1
        yield n
c = counter()
print(next(c), next(c))
print(next(c))
from itertools import islice
print(list(islice(c, 3)), next(c), c.gi_frame is not None, c.gi_running)
#%% iterator protocol
class Countdown:
    def __init__(self, n): self.n = n
    def __iter__(self): return self
    def __next__(self):
        if self.n <= 0: raise StopIteration
        self.n -= 1
        return self.n + 1
    def __length_hint__(self): return self.n
import operator
print(list(Countdown(3)), max(Countdown(4)), 2 in Countdown(3), operator.length_hint(Countdown(7)), [*Countdown(2)], dict(enumerate(Countdown(2))), sum(Countdown(10)))
it = iter(Countdown(1)); next(it); next(it)
#%% sentinel iter and reversed
import io
f = io.StringIO("abcdefg")
print(list(iter(lambda: f.read(3), "")), list(reversed(range(0, 10, 3))), list(map(None.__class__.__name__.__add__, "ab")), list(zip("ab", range(9))), list(enumerate("ab", 5)))
print(any(x > 2 for x in [1, 2, 3]), all([]), list(filter(None, [0, 1, "", "a"])), sorted("bca", key=lambda c: -ord(c)), sum([[1], [2]], []), min("b", "a", key=ord), max([], default="none"))
list(zip([1, 2], [1], strict=True))
#%% comprehension scopes
x = "outer"
squares = [x for x in range(3)]
print(x, squares, {i % 3: i for i in range(7)}, {c for c in "a"}, [(i, j) for i in range(3) for j in range(i)], [y := 5, y ** 2], y)
fs = [lambda: i for i in range(3)]
print([f() for f in fs], [f() for f in [lambda i=i: i for i in range(3)]])
class C:
    n = 3
    values = [n for _ in range(2)] if False else list(range(n))
print(C.values)
#%% closures
def counter(start=0):
    n = start
    def inc(by=1):
        nonlocal n
        n += by
        return n
    return inc
a, b = counter(), counter(10)
print(a(), a(), b(5), a.__closure__[0].cell_contents, inc if "inc" in globals() else "no inc")
def compose(*fs):
    from functools import reduce
    return reduce(lambda f, g: lambda x: f(g(x)), fs)
print(compose(str, abs, lambda v: v - 10)(3))
#%% default arguments are kept
def add(item, to=[]):
    to.append(item)
    return to
print(add(1), add(2), add(3, []), add.__defaults__)
def f(a, b=2, *args, c, d=4, **kw): return a, b, args, c, d, kw
print(f(1, c=3), f(1, 2, 3, 4, c=5, e=6), f(*[1, 2], **{"c": 3}))
#%% decorators
import functools, time
def trace(f):
    @functools.wraps(f)
    def inner(*a, **k):
        r = f(*a, **k)
        print(f"{f.__name__}{a} -> {r}")
        return r
    return inner
def tag(name):
    def wrap(f):
        f.tag = name
        return f
    return wrap
@trace
@tag("math")
def fact(n):
    "Doc."
    return 1 if n < 2 else n * fact(n - 1)
fact(3)
print(fact.__doc__, fact.tag, fact.__wrapped__.__name__)
#%% memoized recursion
from functools import cache
@cache
def ways(n, coins=(1, 2, 5, 10, 25)):
    if n == 0: return 1
    if n < 0 or not coins: return 0
    return ways(n - coins[-1], coins) + ways(n, coins[:-1])
print(ways(100), ways.cache_info().hits > 0)
@cache
def grid(r, c): return 1 if 0 in (r, c) else grid(r - 1, c) + grid(r, c - 1)
grid(12, 12)
#%% hanoi, permutations, queens
def hanoi(n, a="A", b="B", c="C"):
    return hanoi(n - 1, a, c, b) + [(a, c)] + hanoi(n - 1, b, a, c) if n else []
print(len(hanoi(8)), hanoi(2))
def perms(s): return [s] if len(s) < 2 else [c + p for i, c in enumerate(s) for p in perms(s[:i] + s[i + 1:])]
print(perms("abc"))
def queens(n, cols=()):
    if len(cols) == n: return 1
    return sum(queens(n, cols + (c,)) for c in range(n) if all(c != k and abs(c - k) != len(cols) - r for r, k in enumerate(cols)))
[queens(n) for n in range(1, 7)]
#%% sorting algorithms
def quick(a): return a if len(a) < 2 else quick([x for x in a[1:] if x < a[0]]) + [a[0]] + quick([x for x in a[1:] if x >= a[0]])
def merge_sort(a):
    if len(a) < 2: return a
    m = len(a) // 2
    l, r, out = merge_sort(a[:m]), merge_sort(a[m:]), []
    while l and r: out.append((l if l[0] <= r[0] else r).pop(0))
    return out + l + r
import random
rng = random.Random(3)
a = [rng.randrange(100) for _ in range(30)]
print(quick(a) == merge_sort(a) == sorted(a), a[:8], sorted(a)[:8])
people = [("Ann", 30), ("bob", 25), ("Cy", 30)]
print(sorted(people, key=lambda p: (-p[1], p[0].lower())), sorted(["b", "A", "ä", "Z", "a"]), sorted(["10", "9", "2"], key=int), sorted([(1, "b"), (1, "a")], key=lambda t: t[0]))
#%% binary search tree
class Node:
    __slots__ = "key", "left", "right"
    def __init__(self, key): self.key, self.left, self.right = key, None, None
def insert(n, key):
    if n is None: return Node(key)
    if key < n.key: n.left = insert(n.left, key)
    else: n.right = insert(n.right, key)
    return n
def walk(n, depth=0):
    if n:
        yield from walk(n.left, depth + 1)
        yield n.key, depth
        yield from walk(n.right, depth + 1)
root = None
for k in [50, 30, 70, 20, 40, 60, 80]: root = insert(root, k)
for key, depth in walk(root): print("  " * depth + str(key))
#%% sudoku row solver
def solve(board):
    for i, v in enumerate(board):
        if v == 0:
            for n in range(1, 5):
                r, c = divmod(i, 4)
                used = {board[r * 4 + k] for k in range(4)} | {board[k * 4 + c] for k in range(4)} | {board[(r // 2 * 2 + a) * 4 + c // 2 * 2 + b] for a in range(2) for b in range(2)}
                if n not in used:
                    board[i] = n
                    if solve(board): return board
                    board[i] = 0
            return None
    return board
b = solve([1, 0, 0, 0, 0, 0, 3, 0, 0, 4, 0, 0, 0, 0, 0, 2])
for r in range(4): print(*b[r * 4:r * 4 + 4])
#%% game of life
def step(cells):
    from collections import Counter
    near = Counter((x + dx, y + dy) for x, y in cells for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy)
    return {c for c, n in near.items() if n == 3 or n == 2 and c in cells}
cells = {(1, 0), (2, 1), (0, 2), (1, 2), (2, 2)}
for _ in range(4): cells = step(cells)
print(sorted(cells))
for y in range(5): print("".join("#" if (x, y) in cells else "." for x in range(5)))
#%% dijkstra
import heapq
def dijkstra(g, s):
    dist, heap = {s: 0}, [(0, s)]
    while heap:
        d, u = heapq.heappop(heap)
        if d > dist[u]: continue
        for v, w in g.get(u, {}).items():
            if d + w < dist.get(v, float("inf")):
                dist[v] = d + w
                heapq.heappush(heap, (d + w, v))
    return dist
print(dijkstra({"A": {"B": 1, "C": 4}, "B": {"C": 2, "D": 6}, "C": {"D": 3}}, "A"))
#%% mutation while iterating
a = [1, 2, 3, 4]
for x in a:
    if x == 2: a.remove(x)
print(a)
d = {"a": 1}
try:
    for k in d: d[k + "b"] = 1
except RuntimeError as e:
    print(e)
s = {1}
for x in s: s.add(x + 1)
#%% slices and star
a = list(range(10))
print(a[-3:], a[::-2], a[5:2:-1], a[100:], a[slice(1, None, 4)], "hello"[1:-1], (1, 2, 3)[::-1], bytes(5)[2:], range(100)[10:50:7], range(10)[::-1])
a[1:1] = [99]; a[-1:] = []; a[::2] = "abcde"
print(a)
a[::2] = [1]
#%% scope and globals
n = 1
def f():
    global n, m
    n += 1
    m = "new"
    return sorted(k for k in globals() if k in ("n", "m", "f"))
print(f(), n, m, "n" in vars(), __name__)
def g():
    loc = 1
    return locals()
print(g(), [k for k in dir() if not k.startswith("_")])
exec("z = n + 1")
z
#%% walrus, ternary, chained comparison
data = [5, 3, 8]
if (n := len(data)) > 2: print(f"{n} items")
print(1 < 2 < 3, 1 < 3 > 2, 1 == 1.0, "a" if [] else "b", not [] and {} or "x", 0 or None, [] == False)
while (x := data.pop()) != 5: print("popped", x)
for i in range(3):
    if i == 5: break
else:
    print("no break")
i, x
#%% operator precedence and ints
print(2 ** 3 ** 2, -2 ** 2, ~5 & 3, 1 | 2 ^ 3, 7 // -2, 7 % -3, -7 // 2, True + True, "a" * 3 + "b", not 1 == 2, 5 & 6 == 6, 10 - 5 - 2)
print(0.1 + 0.2 == 0.3, 1_000_000, 0b11, 0o17, 0xFF, 1e3, 3 @ 4 if False else "no matmul", ... is Ellipsis)
import operator as op
print(op.itemgetter(1, 0)("ab"), op.attrgetter("real")(3), op.methodcaller("upper")("x"), op.floordiv(7, 2), op.contains([1], 1))
#%% string builder speed
parts = []
for i in range(2000): parts.append(str(i))
s = "".join(parts)
print(len(s), s[:20], s.count("99"), hash(s) == hash("".join(parts)))
import sys
print(sys.getsizeof("") > 0, s.isdigit(), sys.intern("a") is sys.intern("a"))
#%% cached recursion goes deep
from functools import lru_cache
import sys
@lru_cache(None)
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
print(fib(300))
sys.setrecursionlimit(10000)
print(fib(3000) % 10**9)
#%% depth first with a high limit
import sys
sys.setrecursionlimit(50000)
graph = {i: [i + 1] for i in range(20000)}
seen, order = set(), []
def dfs(u):
    seen.add(u)
    for v in graph.get(u, []):
        if v not in seen: dfs(v)
    order.append(u)
dfs(0)
print(len(seen), order[:3])
#%% recursion through callbacks
import sys
sys.setrecursionlimit(3000)
def depth(n): return 0 if n == 0 else 1 + max(map(depth, [n - 1]))
print(depth(700))
class Tree:
    def __init__(self, child=None): self.child = child
    def __len__(self): return 1 + (0 if self.child is None else len(self.child))
    def __repr__(self): return "T" if self.child is None else f"T({self.child!r})"
t = None
for _ in range(400): t = Tree(t)
print(len(t), len(repr(t)), sorted([3, 1], key=lambda x: depth(x)))
