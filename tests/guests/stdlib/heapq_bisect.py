import bisect
import heapq

h = []
for pr, task in [(5, "write"), (1, "plan"), (3, "code"), (1, "read")]:
    heapq.heappush(h, (pr, task))
print([heapq.heappop(h) for _ in range(len(h))])
nums = [9, 4, 7, 1, 8, 2]
heapq.heapify(nums)
print(nums[0], heapq.heapreplace(nums, 10), heapq.heappushpop(nums, 0), all(nums[i] <= nums[2 * i + 1] for i in range(2)))
print(heapq.nlargest(3, [5, 1, 9, 7]), heapq.nsmallest(2, ["bb", "a", "cccc"], key=len))
print(list(heapq.merge([1, 4, 7], [2, 5, 8], [0, 9])), list(heapq.merge([7, 4], [8, 5], reverse=True)))
xs = [10, 20, 20, 20, 30]
print(bisect.bisect_left(xs, 20), bisect.bisect_right(xs, 20), bisect.bisect(xs, 5), bisect.bisect(xs, 99))
bisect.insort(xs, 25); bisect.insort_left(xs, 20)
print(xs)
grade = lambda s: "FDCBA"[bisect.bisect([60, 70, 80, 90], s)]
print([grade(s) for s in (33, 60, 77, 89, 90, 100)])
rows = [("red", 5), ("blue", 7), ("green", 9)]
print(bisect.bisect_left(rows, 7, key=lambda r: r[1]))


def running_median(stream):
    lo, hi = [], []
    for v in stream:
        heapq.heappush(hi, -heapq.heappushpop(lo, -v))
        if len(hi) > len(lo):
            heapq.heappush(lo, -heapq.heappop(hi))
        yield -lo[0] if len(lo) > len(hi) else (hi[0] - lo[0]) / 2


print(list(running_median([5, 15, 1, 3, 8, 7])))
