# Programs of one subject; a line `#%% NAME` begins each, `#%% NAME (whole)` one that is not cut into runs of a session.
#%% counters
from collections import Counter
a, b = Counter("mississippi"), Counter(s=1, p=5)
print(a, a - b, a & b, a | b, a + b, a.most_common(2), sorted(a.elements())[:4])
a.subtract("miss")
print(a, +a, -a, a["zzz"], a.total())
del a["m"]
print(list(a), Counter({"x": 0}) == Counter())
#%% default dictionaries
from collections import defaultdict
tree = lambda: defaultdict(tree)
t = tree()
t["a"]["b"]["c"] = 1
t["a"]["d"] = 2
import json
print(json.dumps(t))
d = defaultdict(int)
for ch in "hello":
    d[ch] += 1
print(dict(d), d.get("z"), "z" in d, d["z"], "z" in d)
#%% deques
from collections import deque
d = deque(range(5), maxlen=5)
d.append(5); d.appendleft(-1); d.rotate(2)
print(d, d[2], d.index(3) if 3 in d else None, list(reversed(d)), d.count(1))
d.extendleft("ab")
print(d, d.pop(), d.popleft(), len(d), d.maxlen)
for x in d:
    d.append(x)
#%% named tuples
from collections import namedtuple
Point = namedtuple("Point", "x y", defaults=[0])
p = Point(1)
print(p, p._replace(y=5), p._asdict(), Point._fields, Point._make([7, 8]), p == (1, 0), *p)
class P3(namedtuple("P3", ["x", "y", "z"])):
    __slots__ = ()
    @property
    def norm(self):
        return sum(v * v for v in self) ** 0.5
print(P3(1, 2, 2), P3(1, 2, 2).norm)
try:
    p.x = 3
except AttributeError as e:
    print(e)
Point(1, 2, 3)
#%% chain maps and ordered dicts
from collections import ChainMap, OrderedDict
cm = ChainMap({"a": 1}, {"a": 2, "b": 3})
child = cm.new_child({"c": 4})
print(cm["a"], cm["b"], dict(child), child.parents, len(child), list(child))
od = OrderedDict.fromkeys("abc", 0)
od.move_to_end("a"); od.popitem(last=False)
print(list(od.items()), od == {"c": 0, "a": 0}, OrderedDict(a=1, b=2) == OrderedDict(b=2, a=1))
#%% itertools tour
from itertools import *
print(list(accumulate([1, 2, 3, 4])), list(accumulate([3, 1, 2], max)), list(chain("ab", [1])), list(compress("abcd", [1, 0, 1, 0])))
print(list(combinations("abc", 2)), list(permutations("ab")), list(product([0, 1], repeat=2)), list(combinations_with_replacement("ab", 2)))
print([(k, list(g)) for k, g in groupby("aabbbc")], list(islice(count(10, 2), 3)), list(takewhile(lambda x: x < 3, range(9))), list(dropwhile(str.isalpha, "ab1c")))
print(list(zip_longest("ab", "xyz", fillvalue="-")), list(starmap(pow, [(2, 3), (3, 2)])), list(pairwise([1, 2, 4])), [list(t) for t in tee(range(3))], list(filterfalse(None, [0, 1, ""])))
next(islice(cycle("abc"), 100, None))
#%% functools
from functools import reduce, partial, lru_cache, cmp_to_key, total_ordering, singledispatch, cached_property, wraps
print(reduce(lambda a, b: a * b, range(1, 6)), partial(int, base=2)("101"), sorted([3, 1, 2], key=cmp_to_key(lambda a, b: b - a)))
@singledispatch
def show(x): return f"object {x}"
@show.register
def _(x: int): return f"int {x}"
@show.register(list)
def _(x): return f"list of {len(x)}"
print(show(1), show("s"), show([1]), show(True), show.registry.keys() >= {int, list})
@total_ordering
class V:
    def __init__(self, v): self.v = v
    def __eq__(self, o): return self.v == o.v
    def __lt__(self, o): return self.v < o.v
print(V(1) <= V(2), V(3) > V(2), V(1) >= V(2))
partial(print, "a", sep="-")("b")
#%% heaps
import heapq
h = [5, 1, 8, 3, 9, 2]
heapq.heapify(h)
print(h, heapq.heappop(h), heapq.heappushpop(h, 4), heapq.nlargest(2, h), heapq.nsmallest(2, h, key=lambda x: -x))
print(list(heapq.merge([1, 4, 7], [2, 5], [3], reverse=False)))
tasks = []
for priority, name in [(2, "code"), (1, "eat"), (3, "sleep"), (1, "breathe")]:
    heapq.heappush(tasks, (priority, name))
while tasks:
    print(heapq.heappop(tasks))
#%% bisecting
import bisect
grades = [60, 70, 80, 90]
print([("FDCBA"[bisect.bisect(grades, s)]) for s in (33, 99, 77, 70, 89, 90, 100)])
a = [1, 2, 2, 3]
bisect.insort(a, 2)
print(a, bisect.bisect_left(a, 2), bisect.bisect_right(a, 2), bisect.bisect_left([("a", 3), ("b", 1)], 1, key=lambda t: t[1]))
#%% lru cache by hand
from collections import OrderedDict
class LRU:
    def __init__(self, size):
        self.size, self.data = size, OrderedDict()
    def get(self, key):
        if key not in self.data:
            return None
        self.data.move_to_end(key)
        return self.data[key]
    def put(self, key, value):
        self.data[key] = value
        self.data.move_to_end(key)
        if len(self.data) > self.size:
            print("evict", self.data.popitem(last=False))
c = LRU(2)
c.put("a", 1); c.put("b", 2); c.get("a"); c.put("c", 3)
print(c.get("b"), c.get("a"), list(c.data))
#%% sets
a, b = {1, 2, 3}, {2, 3, 4}
print(a & b, a | b, a - b, a ^ b, a <= b, a.isdisjoint({9}), sorted(a.union([7], (8,))), frozenset(a) == a)
a.update(b); a.discard(99); a -= {1}
print(sorted(a), len({1, 1.0, True}), {frozenset({1}): "x"}[frozenset([1])])
a.remove(99)
#%% dictionary idioms
d = dict(zip("abc", range(3)))
print(d | {"c": 9, "d": 4}, {v: k for k, v in d.items()}, list(reversed(d)), d.setdefault("z", []), d.pop("a"), d.pop("q", None), d.popitem())
print(sorted(d.items(), key=lambda kv: -kv[1]), dict.fromkeys("xy"), d.keys() & {"b", "x"}, max(d, key=d.get))
d.update(b=7, e=8)
print(d)
for k in d:
    d[k + "x"] = 1
#%% list surgery
a = list(range(10))
a[2:5] = ["x"]; a[::3] = [0] * len(a[::3]); del a[-2:]
print(a, a.index("x") if "x" in a else -1, a[::-1], a * 2 == a + a)
b = [[0] * 3] * 2
b[0][0] = 1
print(b, [*a[:2], *"yz"], sorted([3, 1, 2], reverse=True), [x for row in [[1, 2], [3]] for x in row])
first, *middle, last = "abcde"
print(first, middle, last)
a.pop(100)
#%% matrix spiral
def spiral(m):
    out = []
    while m:
        out += m[0]
        m = [list(r) for r in zip(*m[1:])][::-1]
    return out
m = [[i * 4 + j for j in range(4)] for i in range(3)]
print(spiral(m), list(map(list, zip(*m))), sum(map(sum, m)))
#%% user containers
from collections import UserDict, UserList, abc
class Lower(UserDict):
    def __setitem__(self, k, v): super().__setitem__(k.lower(), v)
    def __getitem__(self, k): return super().__getitem__(k.lower())
l = Lower(A=1); l["B"] = 2
print(l, l["a"], "b" in l, isinstance(l, abc.MutableMapping), UserList([1, 2]) + [3])
class Seq(abc.Sequence):
    def __len__(self): return 3
    def __getitem__(self, i):
        if i >= 3: raise IndexError(i)
        return i * i
s = Seq()
print(list(s), 4 in s, s.index(4), list(reversed(s)), s.count(1))
#%% graph search
from collections import deque
graph = {"A": ["B", "C"], "B": ["D"], "C": ["D", "E"], "D": ["F"], "E": ["F"], "F": []}
def shortest(start, goal):
    queue, seen = deque([[start]]), {start}
    while queue:
        path = queue.popleft()
        if path[-1] == goal:
            return path
        for n in graph[path[-1]]:
            if n not in seen:
                seen.add(n)
                queue.append(path + [n])
from graphlib import TopologicalSorter, CycleError
print(shortest("A", "F"), list(TopologicalSorter({"c": {"b"}, "b": {"a"}}).static_order()))
list(TopologicalSorter({"a": {"b"}, "b": {"a"}}).static_order())
