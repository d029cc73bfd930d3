d = {"b": 2, "a": 1}
d["c"] = 3
d.setdefault("b", 99); d.setdefault("z", []).append(5)
print(d, d.pop("a"), d.popitem(), d.get("q"), d.get("q", 0))
print(d | {"b": 20, "x": 1}, list(d), list(reversed(d)), dict.fromkeys("ab", 0))
d |= [("y", 7)]
print(sorted(d.items(), key=lambda kv: -kv[1]), d.keys() & {"b", "nope"}, "y" in d)
a, b = {1, 2, 3, 4}, {3, 4, 5}
print(a & b, a | b, a - b, a ^ b, a <= {1, 2, 3, 4, 5}, a.isdisjoint({9}))
a.discard(100); a -= {1}; a.update([7, 8])
print(sorted(a), frozenset([1, 2]) == {1, 2}, len({frozenset([1]), frozenset([1])}))
xs = [5, 3, 8, 1]
xs.append(3); xs.extend([9, 0]); xs.insert(1, 4); xs.remove(3)
print(xs, xs.pop(2), xs.index(9), sorted(xs), xs.count(3))
xs.sort(key=lambda v: (v % 2, -v)); print(xs)
people = [("Bo", 30), ("Al", 25), ("Cy", 30), ("Di", 25)]
print(sorted(people, key=lambda p: p[1], reverse=True))
nested = [[0] * 2] * 2
nested[0][0] = 1
print(nested, [1, 2] < [1, 3], [1] + [2], (1, 2) == (1, 2.0), [] or "empty")
class Default(dict):
    def __missing__(self, k):
        self[k] = v = k * 2
        return v
m = Default()
print(m[4], m, m.get(5))
for bad in (lambda: {[]: 1}, lambda: d["nope"], lambda: xs[99]):
    try:
        bad()
    except (TypeError, KeyError, IndexError) as e:
        print(type(e).__name__)
