import random

r = random.Random(12345)
print([r.randint(1, 100) for _ in range(8)])
print([round(r.random(), 10) for _ in range(3)], round(r.uniform(-5, 5), 8))
print(r.choice("abcdef"), r.choices([10, 20, 30], weights=[1, 0, 5], k=6), r.sample(range(1000), 5))
deck = list(range(10)); r.shuffle(deck); print(deck)
print(r.getrandbits(64), r.randrange(0, 100, 7), r.randbytes(6).hex())
print(round(r.gauss(0, 1), 8), round(r.expovariate(1.5), 8), round(r.triangular(0, 10, 3), 8), round(r.betavariate(2, 3), 8))
state = r.getstate()
a = [r.random() for _ in range(5)]
r.setstate(state)
print(a == [r.random() for _ in range(5)])
random.seed("a string seed")
x = random.random()
random.seed("a string seed")
print(x == random.random(), round(x, 12))
rolls = [sum(random.Random(i).choices(range(1, 7), k=2)) for i in range(200)]
print(min(rolls), max(rolls), round(sum(rolls) / len(rolls), 3))
inside = sum(r.random() ** 2 + r.random() ** 2 < 1 for _ in range(5000))
print(inside, 3 < 4 * inside / 5000 < 3.3, 0 <= random.SystemRandom().randrange(10) < 10)
