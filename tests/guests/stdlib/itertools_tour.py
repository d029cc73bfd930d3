import itertools as it
import operator

print(list(it.accumulate([1, 2, 3, 4], operator.mul)), list(it.accumulate([3, 1, 4], max, initial=0)))
print(list(it.chain("ab", [1], (2,))), list(it.chain.from_iterable(["xy", "z"])))
print(["".join(p) for p in it.permutations("abc", 2)], len(list(it.permutations(range(5)))))
print(["".join(p) for p in it.combinations("abcd", 3)], list(it.combinations_with_replacement("ab", 2)))
print(list(it.product([0, 1], repeat=2)), list(it.product("ab", [1])))
data = [("a", 1), ("a", 2), ("b", 3), ("a", 4)]
print([(k, [v for _, v in g]) for k, g in it.groupby(data, key=lambda t: t[0])])
print(list(it.islice(it.count(10, 5), 2, 6, 2)), list(it.islice(it.cycle("xyz"), 7)), list(it.repeat(7, 3)))
print(list(it.takewhile(lambda v: v < 4, [1, 3, 5, 2])), list(it.dropwhile(lambda v: v < 4, [1, 3, 5, 2])))
print(list(it.filterfalse(lambda v: v % 2, range(6))), list(it.compress("abcdef", [1, 0, 1, 0, 1])))
print(list(it.starmap(pow, [(2, 5), (3, 2)])), list(it.zip_longest("abc", "x", fillvalue="-")))
a, b = it.tee(iter([1, 2, 3]))
next(a)
print(list(zip(a, b)), list(it.pairwise("abcd")))
primes = (n for n in it.count(2) if all(n % d for d in range(2, int(n ** 0.5) + 1)))
print(list(it.islice(primes, 12)))
print(sum(1 for t in it.product(range(1, 21), repeat=3) if t[0] < t[1] < t[2] and t[0] ** 2 + t[1] ** 2 == t[2] ** 2))
