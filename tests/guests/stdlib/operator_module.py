import operator as op
from functools import reduce
from collections import namedtuple

P = namedtuple("P", "name age pet")
Pet = namedtuple("Pet", "kind legs")
people = [P("Ann", 31, Pet("cat", 4)), P("Bob", 25, Pet("bird", 2)), P("Cid", 31, Pet("ant", 6))]
print([p.name for p in sorted(people, key=op.attrgetter("age", "pet.legs"))])
print(list(map(op.itemgetter(0, 2), ["abc", "xyz"])), op.itemgetter(slice(1, 3))([9, 8, 7, 6]))
print(list(map(op.methodcaller("replace", "a", "o"), ["cat", "mama"])))
print(reduce(op.mul, range(1, 8)), reduce(op.xor, [5, 9, 12]), reduce(op.or_, [{1}, {2}, {1, 3}]))
print(op.floordiv(-7, 2), op.mod(-7, 2), op.truediv(1, 8), op.pow(2, 10), op.lshift(3, 4), op.inv(7), op.neg(3))
print(op.concat([1], [2]), op.contains("team", "ea"), op.countOf([1, 2, 1], 1), op.indexOf("hello", "l"))
xs = [1, 2]
ys = op.iadd(xs, [3])
print(ys is xs, xs, op.not_(0), op.truth([]), op.is_(None, None), op.eq(1, 1.0), op.index(True))
ops = {"+": op.add, "-": op.sub, "*": op.mul, "/": op.truediv}


def rpn(expr):
    st = []
    for t in expr.split():
        st.append(ops[t](*reversed([st.pop(), st.pop()])) if t in ops else float(t))
    return st


print(rpn("3 4 + 2 * 7 /"), rpn("5 1 2 + 4 * + 3 -"), op.length_hint(iter(range(7))))
