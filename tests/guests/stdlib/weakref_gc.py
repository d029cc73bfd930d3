import gc
import weakref

class Node:
    def __init__(self, name):
        self.name, self.peer = name, None
    def __repr__(self):
        return f"Node({self.name})"

events = []
n = Node("a")
r = weakref.ref(n, lambda ref: events.append("dead a"))
p = weakref.proxy(n)
print(r() is n, p.name, weakref.getweakrefcount(n))
del n
gc.collect()
print(r(), events)
try:
    p.name
except ReferenceError as e:
    print(type(e).__name__)
x, y = Node("x"), Node("y")
x.peer, y.peer = y, x
wx = weakref.ref(x)
fin = weakref.finalize(x, events.append, "finalized x")
del x, y
print(wx() is not None)
gc.collect()
print(wx(), events, fin.alive)
cache = weakref.WeakValueDictionary()
ks = weakref.WeakKeyDictionary()
s = weakref.WeakSet()
keep, tmp = Node("keep"), Node("tmp")
cache["k"], cache["t"] = keep, tmp
ks[keep] = 1; ks[tmp] = 2; s.update([keep, tmp])
del tmp
gc.collect()
print(dict(cache), list(ks.values()), len(s), gc.isenabled(), gc.is_tracked([]), gc.is_tracked(5))
wm = weakref.WeakMethod(keep.__repr__)
print(wm()(), any(o is keep for o in gc.get_referents(cache["k"].__dict__)) , keep in s)
