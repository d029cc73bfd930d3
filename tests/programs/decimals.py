# Programs of one subject; a line `#%% NAME` begins each, `#%% NAME (whole)` one that is not cut into runs of a session.
#%% money
from decimal import Decimal, ROUND_HALF_UP, ROUND_HALF_EVEN, getcontext
price = Decimal("19.995")
print(price.quantize(Decimal("0.01"), ROUND_HALF_UP), price.quantize(Decimal("0.01"), ROUND_HALF_EVEN))
items = {"pen": ("1.20", 3), "book": ("12.99", 2)}
total = sum(Decimal(p) * n for p, n in items.values())
print(total, total * Decimal("1.19"), f"{total * Decimal('1.19'):.2f}", f"{total:>12,.3f}")
print(getcontext().prec, Decimal(1) / 3)
#%% decimal context
from decimal import *
with localcontext() as ctx:
    ctx.prec = 50
    print(Decimal(2).sqrt(), Decimal(1).exp())
print(Decimal(2).sqrt(), getcontext())
print(Decimal("1E+3"), Decimal("1E+3") + 0, Decimal("0.000001"), Decimal("1e-7"), Decimal("1.10").normalize(), Decimal(0.1))
#%% decimal errors
from decimal import *
for f in (lambda: Decimal("abc"), lambda: Decimal(1) / 0, lambda: Decimal("sNaN") + 1, lambda: Decimal("9e999999") * 10, lambda: Decimal("inf") - Decimal("inf")):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, e)
Decimal("NaN") == Decimal("NaN"), Decimal("0") == Decimal("-0"), Decimal("1.0") == 1
#%% decimal beyond the default exponent
from decimal import Decimal, getcontext, MAX_PREC, MAX_EMAX
print(Decimal("1e400000000"), Decimal(10) ** 100, Decimal("123.456").as_tuple(), Decimal("-1.5").to_integral_value(), Decimal("7") // 2, Decimal("-7") % 3)
print(MAX_PREC, MAX_EMAX)
print(Decimal("3.14").adjusted(), Decimal("100").scaleb(2), Decimal("1.23").compare(Decimal("1.3")), Decimal(5).fma(2, 3))
#%% fractions
from fractions import Fraction
a = Fraction(3, 4) + Fraction("1/6")
print(a, repr(a), float(a), a.limit_denominator(5), Fraction(0.125), Fraction("3.14"), Fraction(7, -21), a ** -2, a // 1, a % Fraction(1, 3))
print(Fraction(3.141592653589793).limit_denominator(1000), round(Fraction(22, 7), 3), sum(Fraction(1, n) for n in range(1, 11)))
Fraction(1, 0)
#%% statistics of scores
import statistics as st
scores = [88, 92, 79, 93, 85, 85, 70, 100]
print(st.mean(scores), st.median(scores), st.mode(scores), st.pstdev(scores), st.variance(scores))
print(st.quantiles(scores, n=4), st.median_low(scores), st.median_grouped(scores), st.multimode("aabbc"), st.harmonic_mean([40, 60]), st.geometric_mean([1, 2, 4]))
print(st.fmean(scores), st.correlation([1, 2, 3], [2, 4, 6.5]), st.linear_regression([1, 2, 3], [2, 4, 6]), round(st.NormalDist(0, 1).cdf(1.96), 9))
st.mean([])
#%% exact statistics
import statistics
from fractions import Fraction as F
from decimal import Decimal as D
print(statistics.mean([F(1, 2), F(1, 3)]), statistics.mean([D("0.5"), D("0.75")]), statistics.stdev([D("1.5"), D("2.5"), D("4")]))
n = statistics.NormalDist.from_samples([2.5, 3.1, 2.1, 2.4, 2.7, 3.5])
print(n, n.inv_cdf(0.95), n.zscore(3), n + 2, n.overlap(statistics.NormalDist(3, 1)))
#%% interest by year
from decimal import Decimal, ROUND_HALF_UP
balance, rate = Decimal("1000.00"), Decimal("0.035")
for year in range(1, 6):
    interest = (balance * rate).quantize(Decimal(".01"), rounding=ROUND_HALF_UP)
    balance += interest
    print(f"{year}: {interest:>8} {balance:>10,}")
balance
#%% continued fractions
from fractions import Fraction
def expand(x):
    while True:
        whole = x.numerator // x.denominator
        yield whole
        if x == whole:
            return
        x = 1 / (x - whole)
terms = list(expand(Fraction(649, 200)))
print(terms)
value = Fraction(terms[-1])
for t in reversed(terms[:-1]):
    value = t + 1 / value
    print(value)
#%% egyptian fractions
from fractions import Fraction
import math
def egyptian(f):
    parts = []
    while f:
        d = math.ceil(1 / f)
        parts.append(d)
        f -= Fraction(1, d)
    return parts
print(egyptian(Fraction(5, 121)), egyptian(Fraction(7, 15)))
#%% pi by decimals
from decimal import Decimal, getcontext
getcontext().prec = 42
def pi():
    lasts, t, s, n, na, d, da = 0, Decimal(3), 3, 1, 0, 0, 24
    while s != lasts:
        lasts = s
        n, na = n + na, na + 8
        d, da = d + da, da + 32
        t = (t * n) / d
        s += t
    return +s
print(pi())
getcontext().prec = 28
