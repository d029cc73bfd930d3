from decimal import (Decimal as D, getcontext, localcontext, ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_CEILING,
                     Inexact, DivisionByZero, InvalidOperation)

print(D("0.1") + D("0.2"), D(1) / D(7), D("1.20") * 3, D("2.50").normalize(), D(0.1) == D("0.1"))
for mode in (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_CEILING):
    print(mode, D("2.675").quantize(D("0.01"), mode), D("-2.5").quantize(D(1), mode))
with localcontext() as ctx:
    ctx.prec = 50
    print(D(2).sqrt(), D(1).exp())
    print(D(10).ln(), D("1e-3").log10())
print(D("123.456").as_tuple(), D("1E+3"), D("1E+3") + 0, format(D("1234567.891"), ",.2f"))
print(D("-7") % 3, D("-7") // 3, divmod(D(17), D(5)), D(7).compare(D(3)), D("1.5").as_integer_ratio())
print(D("NaN").is_nan(), D("Infinity") > 10 ** 50, D("-0"), D("1e5").to_eng_string(), D("12e6").scaleb(-2))
getcontext().traps[DivisionByZero] = False
print(D(1) / D(0), bool(getcontext().flags[Inexact]))
try:
    D("abc")
except InvalidOperation as e:
    print(type(e).__name__)
bal = D("1000.00")
for year in range(3):
    bal = (bal * D("1.035")).quantize(D("0.01"), ROUND_HALF_UP)
print(bal, sum([D("0.1")] * 10) == 1, max(D("3.1"), D("3.10"), D("2")), hash(D("2.0")) == hash(2))
