# SPDX-License-Identifier: Apache-2.0
"""Big integers: factorials, modular powers, gcd, digits of pi, and conversion to text."""

import math


def pi_digits(count):
    digits = []
    q, r, t, k, m, x = 1, 0, 1, 1, 3, 3
    while len(digits) < count:
        if 4 * q + r - t < m * t:
            digits.append(str(m))
            q, r, m = 10 * q, 10 * (r - m * t), (10 * (3 * q + r)) // t - 10 * m
        else:
            q, r, t, k, m, x = (
                q * k,
                (2 * q + r) * x,
                t * x,
                k + 1,
                (q * (7 * k + 2) + r * x) // (t * x),
                x + 2,
            )
    return "".join(digits)


def probably_prime(n):
    d = n - 1
    s = 0
    while d % 2 == 0:
        d //= 2
        s += 1
    for base in (2, 3, 5, 7, 11, 13, 17):
        x = pow(base, d, n)
        if x in (1, n - 1):
            continue
        for _ in range(s - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def main():
    factorial = 1
    for i in range(2, 1500):
        factorial *= i
    text = str(factorial)
    mersenne = [p for p in range(3, 620, 2) if probably_prime(2**p - 1)]
    a = 3**2500
    b = fibonacci(6000)
    common = math.gcd(a * 12345678910987654321, b * 98765432123456789)
    root = math.isqrt(10**1200)
    return (
        len(text),
        sum(map(int, text)),
        mersenne[-1],
        common,
        b % 10**12,
        root % (10**9 + 7),
        int(text[:400]) % 65521,
        pi_digits(500)[-10:],
    )


print("big_integers", *main())
