import functools
calls = []
@functools.lru_cache(maxsize=2)
def square(n):
    calls.append(n)
    return n * n
print([square(n) for n in (1, 2, 1, 3, 2, 1)], calls)
info = square.cache_info()
print(info.hits, info.misses, info.currsize, info.maxsize)
square.cache_clear()
print(square.cache_info().currsize)
@functools.singledispatch
def show(x):
    return f"object {x!r}"
@show.register
def _(x: int):
    return f"int {x}"
@show.register(list)
@show.register(tuple)
def _(x):
    return "seq " + ", ".join(map(show, x))
print(show(3), "|", show([1, "a", (2,)]), "|", show(2.5), "|", show(True))
basetwo = functools.partial(int, base=2)
print(basetwo("1010"), basetwo.keywords, functools.reduce(lambda a, b: a * 10 + b, [1, 2, 3], 9))
print(sorted(["b10", "a9", "a10"], key=functools.cmp_to_key(lambda a, b: (len(a) > len(b)) - (len(a) < len(b)) or (a > b) - (a < b))))
class Cell:
    @functools.cached_property
    def value(self):
        calls.append("computed")
        return 42
    def set(self, state, /): self.state = state
    on = functools.partialmethod(set, True)
c = Cell(); c.on()
print(c.value + c.value, calls[-2:], c.state)
