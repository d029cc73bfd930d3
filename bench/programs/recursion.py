# SPDX-License-Identifier: Apache-2.0
"""Recursive calls: Fibonacci, Ackermann, hanoi moves and a recursive N-queens count."""


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def hanoi(height, source, target, spare):
    if height == 0:
        return 0
    before = hanoi(height - 1, source, spare, target)
    after = hanoi(height - 1, spare, target, source)
    return before + 1 + after


def queens(size, row, columns, rising, falling):
    if row == size:
        return 1
    found = 0
    for column in range(size):
        up = row + column
        down = row - column + size
        if columns >> column & 1 or rising >> up & 1 or falling >> down & 1:
            continue
        found += queens(
            size, row + 1, columns | 1 << column, rising | 1 << up, falling | 1 << down
        )
    return found


def main():
    return (
        fibonacci(26),
        ackermann(2, 150),
        hanoi(18, "a", "b", "c"),
        queens(8, 0, 0, 0, 0),
    )


print("recursion", *main())
