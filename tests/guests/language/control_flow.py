def first_factor(n):
    for p in range(2, int(n ** 0.5) + 1):
        if n % p == 0:
            return p
    else:
        return None
print([(n, first_factor(n)) for n in (7, 15, 49, 97, 91)])
i, log = 0, []
while i < 10:
    i += 1
    if i % 2:
        continue
    if i == 8:
        log.append("break")
        break
    log.append(i)
else:
    log.append("never")
print(log, i)
print("neg" if i < 0 else "zero" if i == 0 else "pos", 1 < 2 < 3 != 4, 1 < 3 > 2)
for attempt in range(3):
    try:
        if attempt < 2:
            raise OSError(attempt)
        result = "ok"
    except OSError as e:
        print("retry", e.args)
        continue
    finally:
        print("cleanup", attempt)
    break
print(result, not [] and "yes", 0 or None or "fallback", [] and 1 / 0)
def hanoi(n, a="A", b="B", c="C"):
    return [] if n == 0 else hanoi(n - 1, a, c, b) + [a + c] + hanoi(n - 1, b, a, c)
print(len(hanoi(8)), " ".join(hanoi(3)))
def depth(n): return 0 if n == 0 else 1 + depth(n - 1)
try:
    depth(10 ** 6)
except RecursionError:
    print("RecursionError", depth(400))
