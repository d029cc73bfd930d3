import re

data = iter([3, 8, 13, 0, 99])
seen = []
while (v := next(data)) != 0:
    seen.append(v)
print(seen, v)
print([y for n in range(8) if (y := n * n) > 10], y)
if (m := re.search(r"(\w+)=(\d+)", "key=42;")) is not None:
    print(m[1], int(m[2]))
total = 0
print([total := total + n for n in (1, 2, 3, 4)], total)
print(any((hit := w).startswith("b") for w in ["apple", "bear", "cat"]), hit)
f = lambda s: (n := len(s)) * 10 + n
print(f("abcd"), (a := 5, b := a + 1), a * b)


def chunks(text, size):
    pos = 0
    while chunk := text[pos:pos + size]:
        yield chunk
        pos += size


print(list(chunks("abcdefgh", 3)))
