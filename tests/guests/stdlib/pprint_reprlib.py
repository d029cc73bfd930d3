import pprint
import reprlib

data = {"zeta": list(range(12)), "alpha": {"nested": {"deep": ("x" * 30, "y" * 30)}, "k": None}, "beta": "short"}
pprint.pprint(data, width=50)
pprint.pprint(data, depth=1)
pprint.pprint(data, compact=True, width=40, sort_dicts=False)
print(pprint.pformat([["a" * 10] * 3] * 2, indent=4, width=30))
pprint.pprint("word " * 20, width=40)
rec = [1]; rec.append(rec)
print(pprint.isreadable(rec), pprint.isrecursive(rec), rec)
pprint.pp({"b": 1, "a": 2})
print(pprint.pformat({3, 1, 2}), pprint.pformat(frozenset([9])), pprint.pformat(10 ** 6, underscore_numbers=True))
print(reprlib.repr(list(range(100))), reprlib.repr("x" * 100), reprlib.repr({i: i for i in range(10)}))
r = reprlib.Repr(); r.maxlist = 2; r.maxlevel = 1
print(r.repr([1, 2, 3]), r.repr([[[]], 1]))


class Loop:
    @reprlib.recursive_repr("<...>")
    def __repr__(self):
        return f"Loop({self.me!r})"


l = Loop(); l.me = l
print(l)
