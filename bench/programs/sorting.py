# SPDX-License-Identifier: Apache-2.0
"""Sorting: heap, quick and merge sort in Python, the built-in with keys, and bisect and heapq."""

import bisect
import heapq


def numbers(count, seed):
    state = seed
    values = []
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2147483648
        values.append(state >> 4)
    return values


def quick_sort(values, low, high):
    while low < high:
        pivot = values[(low + high) // 2]
        left = low
        right = high
        while left <= right:
            while values[left] < pivot:
                left += 1
            while values[right] > pivot:
                right -= 1
            if left <= right:
                values[left], values[right] = values[right], values[left]
                left += 1
                right -= 1
        if right - low < high - left:
            quick_sort(values, low, right)
            low = left
        else:
            quick_sort(values, left, high)
            high = right


def merge_sort(values):
    if len(values) < 2:
        return values
    middle = len(values) // 2
    first = merge_sort(values[:middle])
    second = merge_sort(values[middle:])
    merged = []
    i = j = 0
    while i < len(first) and j < len(second):
        if first[i] <= second[j]:
            merged.append(first[i])
            i += 1
        else:
            merged.append(second[j])
            j += 1
    merged.extend(first[i:])
    merged.extend(second[j:])
    return merged


def heap_sort(values):
    def sift(start, end):
        root = start
        while 2 * root + 1 < end:
            child = 2 * root + 1
            if child + 1 < end and values[child] < values[child + 1]:
                child += 1
            if values[root] >= values[child]:
                return
            values[root], values[child] = values[child], values[root]
            root = child

    for start in range(len(values) // 2 - 1, -1, -1):
        sift(start, len(values))
    for end in range(len(values) - 1, 0, -1):
        values[0], values[end] = values[end], values[0]
        sift(0, end)


def main():
    data = numbers(9000, 42)
    expected = sorted(data)
    quick = list(data)
    quick_sort(quick, 0, len(quick) - 1)
    heaped = list(data)
    heap_sort(heaped)
    assert quick == heaped == merge_sort(data) == expected
    records = [("k%d" % (value % 977), value % 13, value) for value in numbers(9000, 5)]
    by_key = sorted(records)
    by_part = sorted(records, key=lambda record: (record[1], -record[2]))
    inserted = []
    for value in numbers(4000, 9):
        bisect.insort(inserted, value)
    queue = []
    for value in numbers(8000, 11):
        heapq.heappush(queue, value)
    drained = [heapq.heappop(queue) for _ in range(4000)]
    return by_key[4500], by_part[4500], inserted[2000], drained[-1], expected[4500]


print("sorting", main())
