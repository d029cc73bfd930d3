import datetime
import decimal

name, n, pi = "Ada", 1234567, 3.14159265
width, prec = 12, 3
print(f"{name!r:>8}|{name:<6}|{name:^7}|{name:*^9}")
print(f"{n:,} {n:_} {n:x} {n:#X} {n:b} {n:o} {n:e}")
print(f"{pi:{width}.{prec}f}|{pi:+.2e}|{pi:08.3f}|{pi:g}|{0.256:.1%}")
print(f"{n=} {pi=:.2f} {name.lower()=} {1+1 = }")
print(f"{{literal}} {'nested ' + f'{n % 10}'} {[i for i in range(3)]}")
d = datetime.datetime(2024, 2, 29, 13, 5, 9)
print(f"{d:%Y-%m-%d %H:%M:%S} {d:%A %d %B} {d!s}")
print(f"{-7:>+5d}|{7: d}|{-7:=6d}|{True:d}|{65:c}")
print(f"{decimal.Decimal('1.10'):.3f} {1e10:,.1f} {2**70:,}")
row = {"k": "v", "items": [1, 2]}
print(f"{row['k']} {row['items'][-1]} {row!r}")


class Money:
    def __init__(self, v): self.v = v
    def __format__(self, spec): return f"${self.v:{spec or '.2f'}}"


print(f"{Money(3)} {Money(2.5):.1f} {Money(1234567):,}")
print("{0}-{1[a]}-{2.real}-{0!r:>5}".format("x", {"a": 9}, 4 + 2j))
