import functools


@functools.total_ordering
class Vec:
    def __init__(self, *xs): self.xs = tuple(xs)
    def __repr__(self): return f"Vec{self.xs}"
    def __add__(self, o): return Vec(*(a + b for a, b in zip(self.xs, o.xs)))
    def __mul__(self, k): return Vec(*(a * k for a in self.xs)) if isinstance(k, (int, float)) else NotImplemented
    __rmul__ = __mul__
    def __matmul__(self, o): return sum(a * b for a, b in zip(self.xs, o.xs))
    def __neg__(self): return self * -1
    def __abs__(self): return (self @ self) ** 0.5
    def __bool__(self): return any(self.xs)
    def __eq__(self, o): return self.xs == o.xs
    def __lt__(self, o): return abs(self) < abs(o)
    def __hash__(self): return hash(self.xs)
    def __len__(self): return len(self.xs)
    def __getitem__(self, i): return self.xs[i]
    def __contains__(self, v): return v in self.xs
    def __iadd__(self, o): self.xs = tuple(a + b for a, b in zip(self.xs, o.xs)); return self
    def __call__(self, f): return Vec(*map(f, self.xs))
    def __index__(self): return len(self.xs)


a, b = Vec(3, 4), Vec(1, -2)
print(a + b, a * 2, 0.5 * a, a @ b, -a, abs(a))
print(bool(Vec(0, 0)), a > b, a <= b, a == Vec(3, 4), len({a, Vec(3, 4), b}))
c = a
c += b
print(c is a, a, list(a), 4 in a, 2 in a, a(lambda v: v ** 2), "abcdef"[a])
try:
    a * "x"
except TypeError as e:
    print("TypeError")
print(sorted([Vec(5, 5), Vec(0, 1), Vec(2, 2)]))
