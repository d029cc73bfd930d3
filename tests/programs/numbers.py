# Programs of one subject; a line `#%% NAME` begins each, `#%% NAME (whole)` one that is not cut into runs of a session.
#%% floats as text
for x in (0.1, 0.1 + 0.2, 1e16, 1e-5, 123456789012345680.0, 5e-324, 1.7976931348623157e308, -0.0, 2**53 + 1.0, 1/3):
    print(repr(x), str(x), f"{x:g}", f"{x:.3e}", "%r" % x)
print(float("inf"), float("-inf"), float("nan"), 1e308 * 10, -1e308 * 10)
0.1 + 0.2
#%% rounding
print([round(x) for x in (0.5, 1.5, 2.5, -0.5, -1.5)], round(2.675, 2), round(1234.5678, -2), round(12345, -2))
import math
print(math.floor(-1.5), math.ceil(-1.5), math.trunc(-1.7), int(-1.7), int(1e20), -7 // 2, -7 % 3, math.fmod(-7, 3), divmod(-7, 2))
print(format(2.5, ".0f"), format(3.5, ".0f"), "%.0f" % 0.5, f"{1e10:,.1f}")
#%% large integers
n = 2 ** 200
print(n, n.bit_length(), n.bit_count(), len(str(n)))
print(pow(3, 1000, 10**9 + 7), (-5) ** 3, 5 ** -2, (10 ** 30) // 7, -(10**30) % 7)
import math
print(math.factorial(30), math.comb(50, 25), math.perm(10, 3), math.isqrt(10**40), math.gcd(2**40, 6**20), math.lcm(4, 6, 10))
print(n.to_bytes(26, "big").hex(), int.from_bytes(b"\x00\x10", "little"), hex(-255), oct(8), bin(-5))
#%% machine sizes
import sys, struct, array
print(sys.maxsize, sys.maxsize > 2**32, struct.calcsize("P"), struct.calcsize("l"), struct.calcsize("n"))
print(array.array("l").itemsize, array.array("L").itemsize, array.array("q").itemsize, struct.calcsize("@iqd"), struct.calcsize("<l"))
print(sys.float_info.max, sys.float_info.epsilon, sys.float_info.dig, sys.int_info.bits_per_digit, sys.byteorder)
#%% hashes of numbers
print(hash(1), hash(-1), hash(2**31), hash(2**61), hash(2**61 - 1), hash(2**64 + 7), hash(-2**63))
print(hash(1.0), hash(0.5), hash(float("inf")), hash(1e300), hash(True), hash(3 + 4j))
from fractions import Fraction
from decimal import Decimal
print(hash(Fraction(1, 3)), hash(Decimal("1.5")), hash((1, 2, 3)), hash(()), hash(None) == hash(None))
import sys
print(sys.hash_info.width, sys.hash_info.modulus)
#%% a hash partitioner
def bucket(key, n):
    return hash(key) % n
keys = [(i, i * i) for i in range(10)] + [3.25, 10**18, -7]
print([bucket(k, 8) for k in keys])
#%% length of a large range
r = range(10**6)
print(len(r), r[-1], 999_999 in r, r.index(5000), sum(r))
big = range(0, 2**40, 2**10)
print(len(big), big[123456], list(big[:3]))
print(len(range(2**40)))
#%% sequence too long
import sys
print(len(range(sys.maxsize)) == sys.maxsize)
s = slice(None, 10**15)
print([1, 2, 3][s], "abc"[:2**33], s.indices(10**12))
for n in (2**31, 2**32, 2**40):
    print(len(range(n)))
#%% repeat beyond memory
try:
    x = [0] * (2**62)
except (MemoryError, OverflowError) as e:
    print(type(e).__name__)
try:
    "a" * (10**18)
except (MemoryError, OverflowError) as e:
    print(type(e).__name__)
#%% itertools beyond 32 bits
from itertools import islice, count, repeat
print(next(islice(count(2**33), 5, 6)), repeat(1, 2**33), list(islice(count(), 2**31 - 2**31, 3)))
import operator
print(operator.length_hint(repeat(None, 2**35)))
c = count(2**63 - 1)
print(next(c), next(c), c)
#%% primes
def sieve(n):
    flags = bytearray([1]) * (n + 1)
    flags[:2] = b"\0\0"
    for i in range(2, int(n ** 0.5) + 1):
        if flags[i]:
            flags[i * i::i] = bytes(len(range(i * i, n + 1, i)))
    return [i for i, f in enumerate(flags) if f]
p = sieve(1000)
print(len(p), p[:10], p[-3:], sum(p))
#%% collatz and perfect numbers
def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps
print(max(range(1, 3000), key=collatz), collatz(27))
[n for n in range(2, 500) if sum(d for d in range(1, n) if n % d == 0) == n]
#%% math functions
import math
for f in (math.sin, math.exp, math.log1p, math.sqrt, math.atan, math.gamma, math.erf, math.cbrt, math.tanh):
    print(f.__name__, f"{f(0.7):.12f}")
print(math.hypot(3, 4), math.dist((0, 0), (1, 1)), math.isclose(0.1 + 0.2, 0.3), math.frexp(8.5), math.modf(-3.25), math.ulp(1.0), math.nextafter(1, 2))
print(math.fsum([0.1] * 10), math.prod(range(1, 8)), math.copysign(1, -0.0), math.remainder(7, 4), math.log(8, 2), math.log2(2**70), math.log10(1000))
#%% domain errors
import math
for call in ("math.sqrt(-1)", "math.log(0)", "1/0", "1.0/0", "1 % 0", "0 ** -1", "math.exp(1000)", "int('12a')", "float('x')", "math.factorial(-1)", "int('1' * 5000)", "10.0 ** 400"):
    try:
        print(call, eval(call))
    except Exception as e:
        print(call, type(e).__name__)
#%% complex numbers
import cmath
z = 3 + 4j
print(abs(z), z.conjugate(), z ** 2, z / (1 - 2j), cmath.phase(1j), cmath.sqrt(-1), complex("1+2j"), f"{z:.2f}", -z, 1j * 1j)
print([complex(round(w.real, 6), round(w.imag, 6)) for w in (cmath.rect(1, 2 * cmath.pi * k / 5) for k in range(5))])
z.real, z.imag
#%% bits
x = 0b1011_0110
print(x & 0x0F, x | 1, x ^ 0xFF, ~x, x << 40, x >> 2, -x >> 1, -1 >> 100, 1 << 64, bin(x & -x))
def popcounts(n):
    return [i.bit_count() for i in range(n)]
print(popcounts(16), f"{x:#010b} {x:#x} {x:o} {x:X}", int("ff", 16), int("0b101", 0), int("z", 36))
#%% a linear congruential generator in 32 bits
def lcg(seed):
    state = seed & 0xFFFFFFFF
    while True:
        state = (1664525 * state + 1013904223) & 0xFFFFFFFF
        yield state
g = lcg(42)
print([next(g) for _ in range(5)])
def fnv1a(data, bits=64):
    h = 0xcbf29ce484222325
    for b in data:
        h = ((h ^ b) * 0x100000001b3) % (1 << bits)
    return h
hex(fnv1a(b"hello"))
#%% random with a seed
import random
random.seed(42)
print(random.random(), random.randint(1, 100), random.choice("abcdef"), random.sample(range(50), 5), random.uniform(1, 2))
items = list(range(10))
random.shuffle(items)
print(items, random.gauss(0, 1), random.choices(["a", "b"], [1, 3], k=6), random.getrandbits(70), random.randbytes(4).hex())
r = random.Random("text seed")
print(r.betavariate(2, 3), r.expovariate(1.5), r.triangular(0, 1), r.randrange(0, 2**40, 3))
#%% monte carlo pi
import random
rng = random.Random(7)
hits = sum(rng.random() ** 2 + rng.random() ** 2 <= 1 for _ in range(5000))
print(4 * hits / 5000)
import statistics
draws = [rng.normalvariate(10, 2) for _ in range(500)]
print(round(statistics.mean(draws), 6), round(statistics.stdev(draws), 6))
#%% number parsing
for s in ("1_000", " 12 ", "-0", "1e5", "0x1f", "٣", "1__0", "", "+5", "NaN", "infinity", "1.5."):
    for kind in (int, float):
        try:
            print(kind.__name__, repr(s), kind(s))
        except ValueError as e:
            print(e)
#%% float methods
print((0.75).as_integer_ratio(), (3.0).is_integer(), (255.5).hex(), float.fromhex("0x1.8p3"), (10).as_integer_ratio(), (-2.5).__floor__(), (1e300).__int__() % 1000)
import math
x = 1.0
n = 0
while x / 2 > 0:
    x /= 2
    n += 1
print(n, x, math.ldexp(1, -1074))
#%% matrix by lists
def matmul(a, b):
    return [[sum(x * y for x, y in zip(row, col)) for col in zip(*b)] for row in a]
def det(m):
    if len(m) == 1:
        return m[0][0]
    return sum((-1) ** j * m[0][j] * det([row[:j] + row[j + 1:] for row in m[1:]]) for j in range(len(m)))
a = [[2, 0, 1], [1, 3, 2], [1, 1, 4]]
print(matmul(a, a), det(a), [list(r) for r in zip(*a)])
#%% fibonacci fast
def fib(n):
    if n == 0:
        return 0, 1
    a, b = fib(n >> 1)
    c, d = a * (2 * b - a), a * a + b * b
    return (d, c + d) if n & 1 else (c, d)
print([fib(i)[0] for i in range(12)], fib(300)[0])
print(len(str(fib(20000)[0])))
str(fib(30000)[0])
#%% base conversion and checksums
def to_base(n, b):
    digits = ""
    while n:
        n, r = divmod(n, b)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[r] + digits
    return digits or "0"
def luhn(s):
    d = [int(c) for c in s[::-1]]
    return sum(d[::2] + [sum(divmod(2 * x, 10)) for x in d[1::2]]) % 10 == 0
print([to_base(255, b) for b in (2, 8, 16, 36)], int(to_base(10**20, 36), 36) == 10**20, luhn("4539578763621486"), luhn("4539578763621487"))
to_base(5, 40), to_base(50, 40)
#%% newton and bisection
def newton(f, df, x, tol=1e-12):
    for i in range(50):
        step = f(x) / df(x)
        x -= step
        if abs(step) < tol:
            return x, i
    raise ArithmeticError("no convergence")
root, n = newton(lambda x: x * x - 2, lambda x: 2 * x, 1.0)
print(f"{root:.10f} {n}")
def bisect(f, a, b):
    while b - a > 1e-9:
        m = (a + b) / 2
        a, b = (a, m) if f(a) * f(m) <= 0 else (m, b)
    return a
print(f"{bisect(lambda x: x ** 3 - x - 2, 1, 2):.6f}")
newton(lambda x: x * x + 1, lambda x: 2 * x, 0.5)
#%% numerical integration and series
import math
def simpson(f, a, b, n=100):
    h = (b - a) / n
    return h / 3 * (f(a) + f(b) + sum((4 if i % 2 else 2) * f(a + i * h) for i in range(1, n)))
print(f"{simpson(math.sin, 0, math.pi):.10f}", f"{sum(1 / math.factorial(k) for k in range(20)):.12f}", f"{4 * sum((-1) ** k / (2 * k + 1) for k in range(5000)):.6f}")
print(math.fsum(0.1 for _ in range(10)) == 1.0)
#%% prime factors and totients
from math import gcd
from functools import reduce
def factors(n):
    out, d = [], 2
    while d * d <= n:
        while n % d == 0: out.append(d); n //= d
        d += 1
    return out + ([n] if n > 1 else [])
print([factors(n) for n in (1, 12, 97, 360, 1001, 2**31 - 1)], sum(gcd(n, 36) == 1 for n in range(36)))
print(pow(3, -1, 11), reduce(lambda a, b: a * b // gcd(a, b), range(1, 21)))
pow(2, -1, 4)
#%% functions to the last digit
import math
xs = [0.1, 0.5, 0.7, 1.3, 2.5, 3.9, 10.1, 100.3, 12345.678]
for f in (math.sin, math.cos, math.tan, math.exp2, math.lgamma, math.erf, math.sinh, math.log1p) if hasattr(math, "exp2") else ():
    print(f.__name__, [f(x) for x in xs[:7]])
print([x ** y for x in xs for y in (0.3, 1.7, -2.2, 9.5)])
