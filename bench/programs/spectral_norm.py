# SPDX-License-Identifier: Apache-2.0
"""Floating point: the spectral norm of a matrix by the power method, with function calls."""


def element(i, j):
    ij = i + j
    return 1.0 / (ij * (ij + 1) // 2 + i + 1)


def multiply(vector):
    size = len(vector)
    result = []
    for i in range(size):
        total = 0.0
        for j in range(size):
            total += element(i, j) * vector[j]
        result.append(total)
    return result


def multiply_transposed(vector):
    return [
        sum(element(j, i) * value for j, value in enumerate(vector)) for i in range(len(vector))
    ]


def main(size=110, rounds=10):
    u = [1.0] * size
    v = u
    for _ in range(rounds):
        v = multiply_transposed(multiply(u))
        u = multiply_transposed(multiply(v))
    uv = sum(a * b for a, b in zip(u, v))
    vv = sum(a * a for a in v)
    return (uv / vv) ** 0.5


print("spectral_norm", "%.9f" % main())
