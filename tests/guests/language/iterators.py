class Countdown:
    def __init__(self, n): self.n = n
    def __iter__(self): return self
    def __next__(self):
        if self.n <= 0:
            raise StopIteration
        self.n -= 1
        return self.n + 1


class Deck:
    def __len__(self): return 4
    def __getitem__(self, i):
        if not 0 <= i < 4:
            raise IndexError(i)
        return "AKQJ"[i]


c = Countdown(5)
print(next(c), list(c), list(c), next(c, "empty"))
d = Deck()
print(list(d), list(reversed(d)), "Q" in d, dict(enumerate(d, 1)))
print(list(zip(d, Countdown(3))))
try:
    list(zip("abc", "ab", strict=True))
except ValueError:
    print("zip strict failed")
rolls = iter([4, 2, 6, 1, 6])
print(list(iter(lambda: next(rolls), 1)), list(rolls))
print(list(map(pow, (2, 3), (5, 2))), list(filter(None, [0, "", 3, [], "x"])))
it = iter("abcdef")
print(["".join(p) for p in zip(it, it)], sum(range(101)), min("hello"), max([3, -9], key=abs))
print(sorted("bca", reverse=True), list(reversed(range(3))), all([]), any([]))
m = {"a": 1}
try:
    for k in m:
        m[k * 2] = 0
except RuntimeError as e:
    print(e)
