# SPDX-License-Identifier: Apache-2.0
"""Generators: pipelines, yield from over trees, send, and the itertools module."""

import itertools


def integers(start):
    while True:
        yield start
        start += 1


def odd(source):
    for value in source:
        if value % 2:
            yield value


def squared(source):
    for value in source:
        yield value * value


def take(count, source):
    for _ in range(count):
        yield next(source)


def build(low, high):
    if low >= high:
        return None
    middle = (low + high) // 2
    return build(low, middle), middle, build(middle + 1, high)


def walk(tree):
    if tree is not None:
        left, value, right = tree
        yield from walk(left)
        yield value
        yield from walk(right)


def average():
    total = count = 0
    mean = None
    while True:
        total += yield mean
        count += 1
        mean = total // count


def scheduler(count, steps):
    def task(number):
        for step in range(steps):
            yield number * step

    tasks = [task(number) for number in range(count)]
    total = 0
    while tasks:
        waiting = []
        for job in tasks:
            try:
                total += next(job)
            except StopIteration:
                continue
            waiting.append(job)
        tasks = waiting
    return total


def main():
    pipeline = sum(take(120000, squared(odd(integers(1)))))
    in_order = sum(index * value for index, value in enumerate(walk(build(0, 30000))))
    averager = average()
    next(averager)
    mean = 0
    for value in range(120000):
        mean = averager.send(value * 3)
    permuted = sum(p[0] * p[-1] for p in itertools.permutations(range(8)))
    runs = [(key, sum(group)) for key, group in itertools.groupby(range(90000), lambda x: x // 64)]
    joined = sum(a for a, _ in zip(itertools.chain(range(60000), range(60000)), itertools.count()))
    return pipeline, in_order, mean, permuted, runs[-1], joined, scheduler(200, 400)


print("generators", *main())
