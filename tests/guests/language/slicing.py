s = list(range(10))
print(s[2:8:3], s[::-1], s[-3:], s[8:2:-2], s[100:], s[:-100])
s[2:5] = ["a", "b"]
print(s)
s[::3] = [0] * len(s[::3])
print(s)
del s[1::2]
print(s)
s[1:1] = [7, 7]
print(s, s.index(7, 2), s.count(0))
try:
    s[::2] = [1]
except ValueError as e:
    print(type(e).__name__)


class Grid:
    def __getitem__(self, key):
        if isinstance(key, tuple):
            return [self[k] for k in key]
        if isinstance(key, slice):
            return key.indices(10)
        return "..." if key is Ellipsis else key


g = Grid()
print(g[1, 2:7, ..., ::-1])
b = bytearray(b"hello world")
b[0:5] = b"HOWDY,"
print(b, memoryview(b)[::2].tobytes(), "python"[1:-1:2], (1, 2, 3)[::-1])
print(slice(1, None, 2).indices(6), range(20)[3:15:4], list(range(20)[3:15:4]))
