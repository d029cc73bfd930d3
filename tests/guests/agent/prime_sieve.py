import math
import time


def sieve(n):
    flags = bytearray([1]) * (n + 1)
    flags[:2] = b"\0\0"
    for p in range(2, math.isqrt(n) + 1):
        if flags[p]:
            flags[p * p::p] = bytes(len(range(p * p, n + 1, p)))
    return [i for i, f in enumerate(flags) if f]


def is_prime(n):
    if n < 2 or any(n % p == 0 for p in (2, 3, 5, 7) if n != p):
        return False
    d, s = n - 1, 0
    while d % 2 == 0:
        d, s = d // 2, s + 1
    for a in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        if a % n == 0:
            continue
        x = pow(a, d, n)
        if x not in (1, n - 1) and all((x := x * x % n) != n - 1 for _ in range(s - 1)):
            return False
    return True


t0 = time.perf_counter()
primes = sieve(200_000)
print(len(primes), primes[:10], primes[-1], sum(primes))
twins = [(p, q) for p, q in zip(primes, primes[1:]) if q - p == 2]
gap = max(zip(primes, primes[1:]), key=lambda pq: pq[1] - pq[0])
print(len(twins), twins[-1], gap, gap[1] - gap[0])
print(all(is_prime(n) == (n in set(primes[:200])) for n in range(1000)), [is_prime(n) for n in (2 ** 61 - 1, 2 ** 61 + 1, 561, 10 ** 18 + 9)])
goldbach = next((p, 1000 - p) for p in primes if is_prime(1000 - p))
print(goldbach, [n for n in range(2, 500) if sum(d for d in range(1, n) if n % d == 0) == n])
print(f"{len(primes) / 200_000:.4f} vs {1 / math.log(200_000):.4f}", time.perf_counter() - t0 < 60)
