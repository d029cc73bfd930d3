# SPDX-License-Identifier: Apache-2.0
"""Dictionary work: counting words, grouping, updating, looking up, merging and deleting."""


def numbers(count, seed):
    state = seed
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2147483648
        yield state >> 8


def count_words(words):
    counts = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts


def group_by_length(words):
    groups = {}
    for word in words:
        groups.setdefault(len(word), []).append(word)
    return groups


def integer_table(count):
    table = {}
    for number in numbers(count, 7):
        key = number % 9973
        if key in table:
            table[key] += number & 15
        else:
            table[key] = 1
    removed = 0
    for key in list(table):
        if key % 3 == 0:
            del table[key]
            removed += 1
    return removed, len(table), sum(table.values())


def tuple_grid(side):
    grid = {(x, y): x * y % 7 for x in range(side) for y in range(side)}
    total = 0
    for (x, y), value in grid.items():
        total += value + grid.get((x + 1, y), 0) + grid.get((x, y - 1), 0)
    return total


def main():
    words = ["w%d" % (number % 1700) for number in numbers(60000, 1)]
    counts = count_words(words)
    groups = group_by_length(words)
    merged = {**counts, **{word + "x": 1 for word in counts}}
    best = max(counts.items(), key=lambda item: (item[1], item[0]))
    lengths = sorted((size, len(members)) for size, members in groups.items())
    return len(merged), best, lengths, integer_table(90000), tuple_grid(160)


print("dict", main())
