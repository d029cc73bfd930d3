import math

print(2 ** 200, (2 ** 200).bit_length(), (255).bit_count())
print(-7 // 2, -7 % 2, divmod(-7, 2), divmod(7, -2), int(-3.9), round(2.5), round(3.5), round(1234, -2))
print(0b1010 ^ 0o17, 0xFF & ~0x0F, 1 << 70, -1 >> 5, ~5, 1_000_000)
print(pow(3, 10 ** 6, 1000007), pow(3, -1, 11), pow(7, 560, 561))
print(int("ff", 16), int("-0b101", 0), int("zz", 36), bin(-10), hex(255), oct(8), format(10, "08b"))
print(math.factorial(30), math.comb(50, 25), math.perm(10, 3), math.gcd(462, 1071), math.lcm(4, 6, 10))
print(math.isqrt(10 ** 40 + 5), math.prod(range(1, 11)))
big = 3 ** 500
s = str(big)
print(len(s), s[:10], s[-10:], int(s) == big, sum(map(int, s)))
print(10 ** 30 // 7 ** 20, 10 ** 30 % 7 ** 20, (10 ** 50) * (10 ** 50 - 1) == 10 ** 100 - 10 ** 50)
print((5).__add__(3), True + True, isinstance(True, int), (6).as_integer_ratio(), 10 .real)
for bad in ("12a", "", "1__0"):
    try:
        int(bad)
    except ValueError as e:
        print(e)
