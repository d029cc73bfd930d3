# SPDX-License-Identifier: Apache-2.0
"""Decimal arithmetic: invoices, compound interest, and pi and e to many digits."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext


def pi(digits):
    with localcontext() as context:
        context.prec = digits + 2
        three = Decimal(3)
        last, term, result, n, extra, d, step = 0, three, 3, 1, 0, 0, 24
        while result != last:
            last = result
            n, extra = n + extra, extra + 8
            d, step = d + step, step + 32
            term = (term * n) / d
            result += term
        context.prec = digits
        return +result


def exponential(x, digits):
    with localcontext() as context:
        context.prec = digits + 2
        i, last, result, factorial, number = 0, 0, 1, 1, 1
        while result != last:
            last = result
            i += 1
            factorial *= i
            number *= x
            result += number / factorial
        context.prec = digits
        return +result


def invoices(count):
    cent = Decimal("0.01")
    tax = Decimal("0.2125")
    total = Decimal(0)
    for index in range(count):
        price = Decimal(index * 37 % 10007) / 100
        net = price * (index % 9 + 1)
        due = (net + net * tax).quantize(cent, rounding=ROUND_HALF_EVEN)
        if due > 500:
            due -= due * Decimal("0.05")
        total += due
    return total.quantize(cent)


def interest(years):
    balance = Decimal("1000.00")
    rate = Decimal("0.0375") / 12
    for _ in range(years * 12):
        balance += balance * rate
    return balance


def main():
    return (
        str(pi(800))[-20:],
        str(exponential(Decimal("1.5"), 600))[-20:],
        str(Decimal(2).sqrt()),
        str(invoices(70000)),
        str(interest(1500)),
    )


print("decimal", *main())
