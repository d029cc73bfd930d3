def averager():
    total, n, avg = 0.0, 0, None
    while True:
        x = yield avg
        if x is None:
            return total, n
        total += x
        n += 1
        avg = total / n

def collect(out):
    while True:
        out.append((yield from averager()))

def countdown(n):
    try:
        while n:
            yield n
            n -= 1
    except ValueError as e:
        yield f"caught {e}"
    finally:
        print("closed at", n)

out = []
g = collect(out)
next(g)
print([g.send(v) for v in (10, 20, 60)])
g.send(None)
print([g.send(v) for v in (1, 2)])
g.send(None)
print(out)
c = countdown(5)
print(next(c), next(c), c.throw(ValueError("boom")))
print(list(c))
d = countdown(3)
next(d)
d.close()
print(sum(x * x for x in countdown(4)))
