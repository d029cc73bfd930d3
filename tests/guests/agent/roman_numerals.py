import re

VALUES = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]
STRICT = re.compile(r"M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")


def to_roman(n):
    if not 0 < n < 4000:
        raise ValueError(f"{n} out of range")
    out = []
    for value, sym in VALUES:
        count, n = divmod(n, value)
        out.append(sym * count)
    return "".join(out)


def from_roman(s):
    if not s or not STRICT.fullmatch(s):
        raise ValueError(f"bad numeral {s!r}")
    nums = [dict(I=1, V=5, X=10, L=50, C=100, D=500, M=1000)[c] for c in s]
    return sum(-a if a < b else a for a, b in zip(nums, nums[1:] + [0]))


for n in (1, 4, 9, 14, 40, 90, 400, 1666, 1994, 2024, 3999):
    print(f"{n:>5} {to_roman(n)}")
print(all(from_roman(to_roman(n)) == n for n in range(1, 4000)))
print(max(range(1, 4000), key=lambda n: len(to_roman(n))), sum(len(to_roman(n)) for n in range(1, 101)))
for bad in ("IIII", "VX", "", "ABC", "IC", 0, 4000):
    try:
        print(from_roman(bad) if isinstance(bad, str) else to_roman(bad))
    except ValueError as e:
        print("error:", e)
print(to_roman(from_roman("XIX") + from_roman("XXIII")), sorted(["X", "IX", "V", "XL"], key=from_roman))
