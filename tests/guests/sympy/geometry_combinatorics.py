from sympy import Eq, Point, Line, Circle, Triangle, Polygon, Segment, sqrt, pi, Rational, symbols, Ellipse, RegularPolygon
from sympy.combinatorics import Permutation, SymmetricGroup, AlternatingGroup, CyclicGroup
from sympy.utilities.iterables import partitions, multiset_permutations, subsets
from sympy.physics.units import meter, kilometer, second, hour, convert_to
from sympy.stats import Die, P, E, variance, Normal

a, b, c = Point(0, 0), Point(4, 0), Point(0, 3)
t = Triangle(a, b, c)
print(t.area, t.perimeter, t.centroid, t.incircle.radius, t.circumcenter, t.is_right(), [s.length for s in t.sides])
print(Line(a, b).intersection(Line(Point(1, -1), Point(1, 5))), a.distance(Point(1, 1)), Line(b, c).slope, Segment(a, b).midpoint, Line(a, b).is_perpendicular(Line(a, c)))
k = Circle(a, 2)
print(k.area, k.circumference, k.equation(), [tuple(p) for p in k.intersection(Line(Point(-5, 0), Point(5, 0)))], Polygon(a, b, Point(4, 4), Point(0, 4)).area, k.encloses_point(Point(1, 1)))
p = Permutation([2, 0, 1, 3])
print(p.cyclic_form, p.order(), p.is_even, (p * p).array_form, (~p).array_form, p.signature(), p(0))
print(SymmetricGroup(4).order(), AlternatingGroup(4).is_abelian, CyclicGroup(6).is_abelian, SymmetricGroup(3).is_solvable, len(list(SymmetricGroup(3).generate())))
print([dict(q) for q in partitions(4)], ["".join(m) for m in multiset_permutations("aab")], list(subsets([1, 2, 3], 2)))
print(convert_to(90 * kilometer / hour, [meter, second]), convert_to(1 * kilometer, meter), RegularPolygon(a, 1, 6).area, Ellipse(a, 3, 2).eccentricity)
X, Y = Die("X", 6), Die("Y", 6)
print(E(X), variance(X), P(X > 4), P(X + Y > 9), E(X * Y), P(Eq(X + Y, 7)), E(Normal("Z", 3, 2)))
