from functools import lru_cache

def distance(a, b):
    prev = list(range(len(b) + 1))
    for i, ca in enumerate(a, 1):
        cur = [i]
        for j, cb in enumerate(b, 1):
            cur.append(min(prev[j] + 1, cur[-1] + 1, prev[j - 1] + (ca != cb)))
        prev = cur
    return prev[-1]

def script(a, b):
    @lru_cache(None)
    def go(i, j):
        if i == len(a):
            return [f"+{c}" for c in b[j:]]
        if j == len(b):
            return [f"-{c}" for c in a[i:]]
        if a[i] == b[j]:
            return go(i + 1, j + 1)
        return min(([f"{a[i]}>{b[j]}"] + go(i + 1, j + 1), [f"-{a[i]}"] + go(i + 1, j), [f"+{b[j]}"] + go(i, j + 1)), key=len)
    return go(0, 0)

for a, b in (("kitten", "sitting"), ("flaw", "lawn"), ("", "abc"), ("same", "same"), ("naïve", "naive"), ("intention", "execution")):
    print(f"{a!r:>12} {b!r:<12} {distance(a, b)} {distance(a, b) == len(script(a, b))} {' '.join(script(a, b))}")
DICT = "apple apply ape maple people ample applet banana".split()
for typo in ("aple", "bananna", "peple"):
    print(typo, sorted(DICT, key=lambda w: (distance(typo, w), w))[:3])

@lru_cache(None)
def lcs(a, b):
    if not a or not b:
        return ""
    return a[0] + lcs(a[1:], b[1:]) if a[0] == b[0] else max(lcs(a[1:], b), lcs(a, b[1:]), key=len)

print(lcs("AGGTAB", "GXTXAYB"), len(lcs("the quick brown", "a quack frown")), lcs.cache_info().hits > 0)
