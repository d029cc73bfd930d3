def f(a, b=2, /, c=3, *rest, d, e=5, **kw):
    return a, b, c, rest, d, e, kw


print(f(1, d=4))
print(f(*"xy", *[7, 8], d=0, **{"e": 1, "b": "kw-b"}))
for args, kw in [((), {"d": 1}), ((1,), {}), ((1,), {"a": 2})]:
    try:
        print(f(*args, **kw))
    except TypeError as e:
        print("TypeError", len(args), sorted(kw))
first, *mid, last = range(6)
print(first, mid, last)
(a, b), [c, *d], e = (1, 2), "hey", {"k": 9}
print(a, b, c, d, e)
*init, = "abc"
print(init, [*range(3), *"ab"], {**{"x": 1, "y": 2}, "x": 3}, (*[], 1))
a, b = b, a + b
print(a, b)
for i, (k, (p, q)) in enumerate({"m": (1, 2), "n": (3, 4)}.items()):
    print(i, k, p * q)
try:
    p, q = [1, 2, 3]
except ValueError as e:
    print(str(e).split(" (")[0])
print(*[1, 2, 3], sep="-", end=".\n")
