import math

for spec in ("d", "5d", "<5d", "^5d", "+d", " d", "05d", ",d", "x", "#x", "o", "b", "_b", "#010b", "c", "e", ".1f", "n", "%"):
    print(f"{spec!r}: [{format(75, spec)}]", end=" ")
print()
for spec in ("", "f", ".3f", "10.2f", "<10.1f|", "e", ".2e", "g", ".3g", ".10g", "G", "%", ".1%", "+.0f", "#.0f", ",.2f", "_.2f", "012.3f"):
    try:
        print(f"{spec!r}: [{format(1234.5678, spec)}]", end=" ")
    except ValueError:
        print(f"{spec!r}: error", end=" ")
print()
print([format("abc", s) for s in ("5", ">5", "^7", "*^7", ".2", "5.1")])
print([format(x, "g") for x in (1e-5, 0.0001, 123456.0, 1234567.0, 1e100, float("inf"), float("nan"), -0.0)])
print(["%s %r %d %i %5.1f %-5s| %05d %+d %x %o %e %g %c %%" % ("s", "r", 3.9, 4, 2.25, "ab", 42, 7, 255, 8, 12345.678, 0.0001, "z")])
print("{:>{w}.{p}f} {!r:^9} {0}".replace("{0}", "").format(math.pi, "x", w=9, p=2))
print(repr(1e22), repr(1e21), repr(123456789012345680.0), str(1e-4), str(1e-5), repr(0.1 + 0.7), 1e23, 9007199254740993.0)
print(round(0.5), round(1.5), round(2.5), round(-0.5), round(1.005, 2), round(12345, -3), round(2.5, 0), f"{2.5:.0f} {3.5:.0f}")
print(format(complex(1.5, -2), ".2f"), format(3 + 0j, "g"), f"{10 ** 20:,}", f"{-1234567.891:,.1f}", f"{0.000001234:.3e}")
print("{0[0]} {0[k]}".replace("{0[k]}", "{1[k]}").format([7], {"k": 8}), "{:%Y}".format(__import__("datetime").date(2020, 1, 1)))
for bad in (("abc", "d"), (5, "s"), (1.5, "x"), ("a", "=5")):
    try:
        format(*bad)
    except ValueError:
        print(bad, "ValueError")
