# SPDX-License-Identifier: Apache-2.0
"""`decimal`: what programs compute with it is what a desktop computes, digit for digit, with the same flags; also where the quick
functions of guest/python/skerry_decimal.py leave the library's to it."""

import contextlib
import decimal
import io

import pytest

# Random numbers of all kinds, in contexts of all kinds; a line for each operation. mpdecimal sets all flags of an operation before it
# raises one of them, and this one stops at the first: no traps here but those that contexts have anyway.
PROGRAM = r'''
import decimal, operator, random
D = decimal.Decimal
draw = random.Random(SEED)
CONTEXTS = [
    dict(prec=9), dict(prec=1), dict(prec=50), dict(rounding="ROUND_UP"), dict(rounding="ROUND_DOWN"), dict(rounding="ROUND_HALF_UP"),
    dict(rounding="ROUND_FLOOR"), dict(rounding="ROUND_CEILING"), dict(rounding="ROUND_HALF_DOWN"), dict(rounding="ROUND_05UP"),
    dict(prec=16, Emax=384, Emin=-383, clamp=1), dict(prec=5, Emax=10, Emin=-10), dict(prec=28, Emax=100, Emin=-100),
]

def number():
    kind = draw.random()
    if kind < 0.04:
        return draw.choice(["NaN", "Infinity", "-Infinity", "-0", "0", "0E+5", "0E-40", "-0.00"])
    size = draw.choice([1, 2, 3, 5, 9, 15, 27, 28, 29, 40, 60])
    digits = str(draw.randrange(10 ** size))
    if kind < 0.25:
        digits = draw.choice([digits.rstrip("0") or "0", "9" * size, "1" + "0" * size + "5", "5" + "0" * size])
    sign = draw.choice(["", "-"])
    if kind < 0.75:
        point = draw.randrange(len(digits) + 1)
        return sign + digits[:point] + ("." + digits[point:] if point < len(digits) else "")
    return sign + digits + f"E{draw.choice([0, 1, -1, 5, -5, 20, -20, 50, -50, 70, -70, 400, -400, 999990, -999990])}"

BINARY = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod]
COMPARE = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]
for index in range(COUNT):
    context = decimal.Context(**(draw.choice(CONTEXTS) if draw.random() < 0.5 else {}))
    context.traps = dict.fromkeys(context.traps, False)
    decimal.setcontext(context)
    a, b, whole = number(), number(), draw.randrange(-10**20, 10**20) // 10 ** draw.randrange(20)
    kind, is_whole, is_swapped = draw.random(), draw.random() < 0.25, draw.random() < 0.5
    binary, compare = draw.choice(BINARY), draw.choice(COMPARE)
    step, rounding = draw.choice(["0.01", "1", "1E+2", "0.00001", "1E-20", "1E+30"]), draw.choice([None, "ROUND_HALF_UP", "ROUND_UP"])
    try:
        x, y = D(a), whole if is_whole else D(b)
        pair = (y, x) if is_swapped else (x, y)
        if kind < 0.6:
            told = binary(*pair)
        elif kind < 0.75:
            told = compare(*pair)
        elif kind < 0.95:
            told = x.quantize(D(step), rounding=rounding)
        else:
            told = (x.as_tuple(), D(whole), D(str(whole) + ".50"), D(True))
    except Exception as error:
        told = type(error).__name__
    flags = sorted(flag.__name__ for flag in context.flags if context.flags[flag])
    print(a, b, whole, binary.__name__, compare.__name__, step, rounding, "->", told, flags)
'''


def desktops(program):
    """What it prints here."""
    decimal.setcontext(decimal.DefaultContext.copy())
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        exec(compile(program, "desktop", "exec"), {})
    return told.getvalue()


@pytest.mark.parametrize("seed", [1, 2])
def test_arithmetic_is_a_desktops(run_code, seed):
    program = PROGRAM.replace("SEED", str(seed)).replace("COUNT", "6000")
    ours = run_code(program, "--max-output", str(4 << 20), timeout=120).ok().out.splitlines()
    theirs = desktops(program).splitlines()
    assert len(ours) == len(theirs) == 6000
    different = [f"{here}\n{there}" for here, there in zip(ours, theirs) if here != there]
    assert not different, "\n".join(different[:10])


def test_everyday_sums(run_code):
    program = (
        "from decimal import *\n"
        "print(sum([Decimal('0.10')] * 3), Decimal('1.1') + 2, 5 - Decimal('0.5'), Decimal(1) / 3, 1 / Decimal(8), Decimal('-2') * Decimal('0'))\n"
        "print(Decimal('2.675').quantize(Decimal('0.01')), Decimal('2.665').quantize(Decimal('0.01'), ROUND_HALF_UP), round(Decimal('2.5')))\n"
        "print(Decimal(' 1_000.50 '), Decimal('1e3'), Decimal('.5'), Decimal('5.'), Decimal((1, (1, 2), -1)), Decimal(True), Decimal('-0'))\n"
        "class Money(Decimal): pass\n"
        "print(type(Money('1.5')).__name__, type(Money(3) + 1).__name__, Money('1.5') == Decimal('1.50'), hash(Money(3)) == 3)\n"
        "print(Decimal('1.5') == 1.5, Decimal(2) < 2.5, Decimal('NaN') == Decimal('NaN'), max(Decimal(1), 2), sorted([Decimal(3), 1, Decimal('2.5')]))\n"
        "for text in ('', '.', '-', '1.2.3', 'x', '１.５'):\n"
        "    try: print(Decimal(text))\n"
        "    except InvalidOperation as error: print(error)\n"
        "try: Decimal(1) + 1.5\n"
        "except TypeError as error: print('TypeError')\n"
        "print(Decimal.__add__.__name__, Decimal('1').__add__('x'))")
    assert run_code(program).ok().out == desktops(program)
