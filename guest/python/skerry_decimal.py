# SPDX-License-Identifier: Apache-2.0
"""Quicker arithmetic for `decimal`, which is the one in Python here: mpdecimal is not in this interpreter. Each function knows the usual
case (finite numbers, a result that is not zero, no exponent near its bounds, rounding to the nearest), computes with Python's
integers, and leaves all else to the library's function, whose place it takes."""

from _pydecimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, Inexact, Rounded, getcontext

# How far apart exponents may be: the library shortens what is further apart.
_FAR = 64
_TENS = [10**number for number in range(_FAR)]
_new = object.__new__


def _made(sign, digits, exp, cls=Decimal):
    made = _new(cls)
    made._sign = sign
    made._int = digits
    made._exp = exp
    made._is_special = False
    return made


def _is_quiet(context):
    """Whether rounding only sets flags."""
    traps = context.traps
    return not (traps[Inexact] or traps[Rounded] or context._ignored_flags)


def _cut(digits, keep, rounding):
    """The first digits, rounded to nearest, one more where that carries; and whether any that go are not zero."""
    kept, rest = digits[:keep], digits[keep:]
    first = rest[0]
    more = rest.strip("0")
    if first > "5" or first == "5" and (more != "5" or rounding is ROUND_HALF_UP or kept[-1] in "13579"):
        kept = str(int(kept) + 1)
    return kept, more


def _fixed(sign, digits, exp, context):
    """The number (not zero) in the context's precision; None where the library must see to it."""
    top = len(digits) + exp
    if not context.Emin < top < context.Emax or context.clamp:
        return None
    over = len(digits) - context.prec
    if over > 0:
        if context.rounding != ROUND_HALF_EVEN or not _is_quiet(context):
            return None
        digits, more = _cut(digits, context.prec, ROUND_HALF_EVEN)
        exp += over
        if len(digits) > context.prec:
            digits = digits[:-1]
            exp += 1
        if more:
            context.flags[Inexact] = 1
        context.flags[Rounded] = 1
    return _made(sign, digits, exp)


def _aligned(self, other):
    """Both as integers of one exponent, and that; None for what is not finite, no number, or far apart."""
    if type(other) is int:
        exp, b = 0, other
    elif type(other) is Decimal and not other._is_special:
        exp, b = other._exp, int(other._int)
        if other._sign:
            b = -b
    else:
        return None
    if self._is_special:
        return None
    a = int(self._int)
    if self._sign:
        a = -a
    gap = self._exp - exp
    if gap == 0:
        return a, b, exp
    if not -_FAR < gap < _FAR:
        return None
    if gap > 0:
        return a * _TENS[gap], b, exp
    return a, b * _TENS[-gap], self._exp


def _fit_sums():
    add, sub, rsub = Decimal.__add__, Decimal.__sub__, Decimal.__rsub__

    def finished(total, exp, context):
        if context is None:
            context = getcontext()
        return _fixed(0, str(total), exp, context) if total > 0 else _fixed(1, str(-total), exp, context)

    def __add__(self, other, context=None):
        both = _aligned(self, other)
        if both is not None and (total := both[0] + both[1]):
            made = finished(total, both[2], context)
            if made is not None:
                return made
        return add(self, other, context)

    def __sub__(self, other, context=None):
        both = _aligned(self, other)
        if both is not None and (total := both[0] - both[1]):
            made = finished(total, both[2], context)
            if made is not None:
                return made
        return sub(self, other, context)

    def __rsub__(self, other, context=None):
        both = _aligned(self, other)
        if both is not None and (total := both[1] - both[0]):
            made = finished(total, both[2], context)
            if made is not None:
                return made
        return rsub(self, other, context)

    return __add__, __add__, __sub__, __rsub__


def _operand(other):
    """Sign, digits as an integer, their text, exponent; None for what is not finite, no number, or zero."""
    if type(other) is Decimal:
        if other._is_special or other._int == "0":
            return None
        return other._sign, int(other._int), other._int, other._exp
    if type(other) is not int or other == 0:
        return None
    sign, number = (0, other) if other > 0 else (1, -other)
    return sign, number, str(number), 0


def _fit_products():
    mul, div, rdiv = Decimal.__mul__, Decimal.__truediv__, Decimal.__rtruediv__

    def __mul__(self, other, context=None):
        a, b = _operand(self), _operand(other)
        if a is not None and b is not None:
            made = _fixed(a[0] ^ b[0], str(a[1] * b[1]), a[3] + b[3], getcontext() if context is None else context)
            if made is not None:
                return made
        return mul(self, other, context)

    def quotient(a, b, context):
        if a is None or b is None:
            return None
        shift = len(b[2]) - len(a[2]) + context.prec + 1
        ideal = a[3] - b[3]
        exp = ideal - shift
        if shift >= 0:
            number, rest = divmod(a[1] * 10**shift, b[1])
        else:
            number, rest = divmod(a[1], b[1] * 10**-shift)
        digits = str(number)
        if rest:
            # A last digit that tells rounding of the rest.
            if digits[-1] in "05":
                digits = str(number + 1)
        elif exp < ideal:
            short = digits.rstrip("0")
            zeros = min(len(digits) - len(short), ideal - exp)
            digits = digits[: len(digits) - zeros]
            exp += zeros
        return _fixed(a[0] ^ b[0], digits, exp, context)

    def __truediv__(self, other, context=None):
        made = quotient(_operand(self), _operand(other), getcontext() if context is None else context)
        return div(self, other, context) if made is None else made

    def __rtruediv__(self, other, context=None):
        made = quotient(_operand(other), _operand(self), getcontext() if context is None else context)
        return rdiv(self, other, context) if made is None else made

    return __mul__, __mul__, __truediv__, __rtruediv__


def _fit_comparisons():
    eq, lt, le, gt, ge = Decimal.__eq__, Decimal.__lt__, Decimal.__le__, Decimal.__gt__, Decimal.__ge__

    def __eq__(self, other, context=None):
        both = _aligned(self, other)
        return eq(self, other, context) if both is None else both[0] == both[1]

    def __lt__(self, other, context=None):
        both = _aligned(self, other)
        return lt(self, other, context) if both is None else both[0] < both[1]

    def __le__(self, other, context=None):
        both = _aligned(self, other)
        return le(self, other, context) if both is None else both[0] <= both[1]

    def __gt__(self, other, context=None):
        both = _aligned(self, other)
        return gt(self, other, context) if both is None else both[0] > both[1]

    def __ge__(self, other, context=None):
        both = _aligned(self, other)
        return ge(self, other, context) if both is None else both[0] >= both[1]

    return __eq__, __lt__, __le__, __gt__, __ge__


def _fit_quantize():
    original = Decimal.quantize

    def quantize(self, exp, rounding=None, context=None):
        if type(exp) is not Decimal or exp._is_special or self._is_special or self._int == "0":
            return original(self, exp, rounding, context)
        used = getcontext() if context is None else context
        how = used.rounding if rounding is None else rounding
        wanted = exp._exp
        over = wanted - self._exp
        digits = self._int
        top = len(digits) + self._exp
        if used.clamp or not used.Emin < top < used.Emax or not used.Emin - used.prec < wanted <= used.Emax or over >= len(digits):
            return original(self, exp, rounding, context)
        if over <= 0:
            if len(digits) - over > used.prec:
                return original(self, exp, rounding, context)
            return _made(self._sign, digits + "0" * -over, wanted)
        if how != ROUND_HALF_EVEN and how != ROUND_HALF_UP or not _is_quiet(used):
            return original(self, exp, rounding, context)
        kept, more = _cut(digits, len(digits) - over, ROUND_HALF_UP if how == ROUND_HALF_UP else ROUND_HALF_EVEN)
        if len(kept) > used.prec:
            return original(self, exp, rounding, context)
        if more:
            used.flags[Inexact] = 1
        used.flags[Rounded] = 1
        return _made(self._sign, kept, wanted)

    return quantize


def _fit_new():
    original = Decimal.__new__

    def __new__(cls, value="0", context=None):
        kind = type(value)
        if kind is int:
            sign, digits, exp = (0, str(value), 0) if value >= 0 else (1, str(-value), 0)
        elif kind is str and value.isascii():
            whole, point, part = value.partition(".")
            sign = 0
            if whole[:1] == "-":
                sign, whole = 1, whole[1:]
            digits = whole + part
            if not digits.isdecimal():
                return original(cls, value, context)
            digits, exp = digits.lstrip("0") or "0", -len(part)
        else:
            return original(cls, value, context)
        return _made(sign, digits, exp, cls)

    return __new__


def _take_place(functions, names):
    for function, name in zip(functions, names):
        original = getattr(Decimal, name)
        function.__doc__ = original.__doc__
        function.__qualname__ = f"Decimal.{function.__name__}"
        function.__module__ = original.__module__
        setattr(Decimal, name, function)


def fit_decimal():
    _take_place(_fit_sums(), ("__add__", "__radd__", "__sub__", "__rsub__"))
    _take_place(_fit_products(), ("__mul__", "__rmul__", "__truediv__", "__rtruediv__"))
    _take_place(_fit_comparisons(), ("__eq__", "__lt__", "__le__", "__gt__", "__ge__"))
    _take_place((_fit_quantize(),), ("quantize",))
    original = Decimal.__new__
    new = _fit_new()
    new.__doc__ = original.__doc__
    Decimal.__new__ = new


fit_decimal()
