# SPDX-License-Identifier: Apache-2.0
"""Comprehensions: lists, sets and dictionaries, filtered, nested, and over built-in iterators."""


def primes(limit):
    composite = {multiple for i in range(2, int(limit**0.5) + 1)
                 for multiple in range(i * i, limit, i)}
    return [number for number in range(2, limit) if number not in composite]


def multiply(first, second):
    columns = list(zip(*second))
    return [[sum(a * b for a, b in zip(row, column)) for column in columns] for row in first]


def triples(limit):
    return [
        (a, b, c)
        for a in range(1, limit)
        for b in range(a, limit)
        for c in (int((a * a + b * b) ** 0.5),)
        if c < limit and c * c == a * a + b * b
    ]


def main():
    squares = [x * x for x in range(200000) if x % 3]
    names = {"n%d" % x: x for x in range(60000)}
    inverse = {value: name for name, value in names.items() if value % 2}
    remainders = {x * x % 1009 for x in range(120000)}
    matrix = [[(row * column) % 10 for column in range(40)] for row in range(40)]
    product = multiply(matrix, multiply(matrix, matrix))
    flat = [cell for row in product for cell in row]
    pairs = [(i, letter) for i, letter in enumerate("abcdefghij" * 5000) if letter not in "aeiou"]
    return (
        sum(squares),
        len(inverse),
        len(remainders),
        sum(flat),
        len(pairs),
        primes(40000)[-1],
        len(triples(260)),
        any(x > 59998 for x in names.values()),
    )


print("comprehension", *main())
