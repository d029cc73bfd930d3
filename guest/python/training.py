# SPDX-License-Identifier: Apache-2.0
"""What the interpreter is tuned by: ordinary work across the language and its library, in about equal parts.

scripts/profile_python counts what CPython does in main(); everything is deterministic. None of it is taken from
bench/programs, which measures the result.
"""

import bisect
import collections
import contextlib
import csv
import dataclasses
import datetime
import enum
import functools
import heapq
import io
import itertools
import json
import math
import operator
import random
import re
import statistics
import string
import struct
import textwrap
import typing
from decimal import Decimal
from fractions import Fraction

import numpy
import pandas


# -- Control flow and arithmetic ---------------------------------------------------------------------------------------


def collatz(limit):
    longest = 0
    for start in range(1, limit):
        number, steps = start, 0
        while number != 1:
            number = number // 2 if number % 2 == 0 else 3 * number + 1
            steps += 1
        longest = max(longest, steps)
    return longest


def mandelbrot(width, height):
    inside = 0
    for row in range(height):
        imaginary = row * 2.0 / height - 1
        for column in range(width):
            real = column * 3.0 / width - 2
            x = y = 0.0
            for _ in range(25):
                x, y = x * x - y * y + real, 2 * x * y + imaginary
                if x * x + y * y > 4:
                    break
            else:
                inside += 1
    return inside


def numerics(count):
    total = 0.0
    for i in range(1, count):
        total += math.sin(i) * math.sqrt(i) / (i**1.1) - abs(-i) / 3 + float(i) // 2
    values = [math.hypot(i, i + 1) for i in range(count // 4)]
    return round(total, 6), statistics.mean(values), statistics.median(values), min(values), max(values)


def complex_roots(count):
    points = [complex(math.cos(i), math.sin(i)) for i in range(count)]
    return abs(sum(point * point.conjugate() for point in points))


def bits(count):
    state, ones = 0x9E3779B9, 0
    for _ in range(count):
        state ^= (state << 13) & 0xFFFFFFFF
        state ^= state >> 17
        state ^= (state << 5) & 0xFFFFFFFF
        ones += state.bit_count()
    return ones


def large_numbers(exponent):
    power = 7**exponent
    number = power * power + 13
    return (
        (power * number) % (10**40 + 7),
        len(str(number)),
        number // power % 1000,
        pow(3, power % 10**12, 10**30 + 57),
        math.comb(300, 120) % 997,
        (power << 77 | number) >> 500 & 0xFFFFFFFF,
        -power // 1234567 % 89,
        math.isqrt(number) % 1013,
        int("9" * 150) % 7919,
        sum(Fraction(1, n) for n in range(1, 60)).numerator % 101,
    )


def money(count):
    total = Decimal(0)
    for i in range(count):
        total += (Decimal(i) * Decimal("1.075")).quantize(Decimal("0.01"))
    return str(total)


def matrices(size):
    a = [[i * j % 7 + 0.5 for j in range(size)] for i in range(size)]
    transposed = list(zip(*a))
    product = [[sum(map(operator.mul, row, column)) for column in transposed] for row in a]
    b = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(size):
            for k in range(size):
                b[i][j] += a[i][k] * product[k][j]
    return b[1][2]


# -- Functions, closures, generators -------------------------------------------------------------------------------------


def counter():
    count = 0

    def step(by=1, *, scale=1):
        nonlocal count
        count += by * scale
        return count

    return step


def logged(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        wrapper.calls += 1
        return function(*args, **kwargs)

    wrapper.calls = 0
    return wrapper


@logged
def area(width, height=2, **rest):
    return width * height + len(rest)


def calls(count):
    step = counter()
    add = functools.partial(operator.add, 5)
    total = 0
    for i in range(count):
        step(i, scale=2)
        total += area(i) + area(i, height=3) + area(*(i, 4), depth=1) + add(i)
        total += (lambda x, y=1: x - y)(i)
    return total, step(), area.calls


def depth(n):
    return 0 if n <= 0 else 1 + depth(n - 1) + depth(n - 3)


@functools.lru_cache(None)
def ways(n, m):
    return 1 if n == 0 or m == 0 else ways(n - 1, m) + ways(n, m - 1)


def permutations(n):
    if n == 0:
        return [[]]
    return [p[:i] + [n] + p[i:] for p in permutations(n - 1) for i in range(n)]


def flips(n):
    best = 0
    for permutation in itertools.permutations(range(n)):
        deck, count = list(permutation), 0
        while deck[0]:
            top = deck[0] + 1
            deck[:top] = deck[:top][::-1]
            count += 1
        best = max(best, count)
    return best


def flatten(nested):
    for each in nested:
        if isinstance(each, list):
            yield from flatten(each)
        else:
            yield each


def averager():
    total, count, average = 0.0, 0, None
    while True:
        value = yield average
        total += value
        count += 1
        average = total / count


def generators(count):
    def endless():
        a, b = 0, 1
        while True:
            yield a
            a, b = b, (a + b) % 1_000_003

    average = averager()
    next(average)
    for i in range(count):
        average.send(i)
    batches = [sum(batch) for batch in itertools.batched(range(count), 7)]
    runs = [(key, len(list(group))) for key, group in itertools.groupby(i // 9 for i in range(count))]
    chained = itertools.chain.from_iterable(zip(range(count), itertools.cycle("abc")))
    return (
        sum(itertools.islice((x for x in endless() if x % 3 == 0), count)),
        sum(flatten([[i, [i + 1, [i + 2]]] for i in range(count)])),
        average.send(1),
        len(batches) + len(runs) + sum(1 for _ in chained),
        list(itertools.accumulate(range(count)))[-1],
    )


async def fetch(value):
    return value + 1


async def gather(count):
    total = 0
    for i in range(count):
        total += await fetch(i)
    return total


def coroutines(count):
    try:
        gather(count).send(None)
    except StopIteration as end:
        return end.value


# -- Classes -------------------------------------------------------------------------------------------------------------


class Shape:
    made = 0

    def __init__(self, name):
        self.name = name
        Shape.made += 1

    def size(self):
        return 0

    def __lt__(self, other):
        return self.size() < other.size()

    def __repr__(self):
        return f"<{self.name} {self.size()}>"


class Square(Shape):
    def __init__(self, side):
        super().__init__("square")
        self.side = side

    def size(self):
        return self.side * self.side


class Box(Shape):
    def __init__(self, width, height):
        super().__init__("box")
        self.width = width
        self.height = height

    @property
    def is_wide(self):
        return self.width > self.height

    @classmethod
    def cube(cls, side):
        return cls(side, side)

    @staticmethod
    def unit():
        return 1

    def size(self):
        return self.width * self.height


@dataclasses.dataclass(order=True)
class Item:
    price: int
    name: str = ""
    tags: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)


class Colour(enum.Enum):
    RED = 1
    GREEN = 2
    BLUE = 3


Pair = collections.namedtuple("Pair", "left right")


class Stack:
    def __init__(self):
        self.values = []

    def push(self, value):
        self.values.append(value)

    def pop(self):
        return self.values.pop()

    def __len__(self):
        return len(self.values)

    def __contains__(self, value):
        return value in self.values

    def __getitem__(self, at):
        return self.values[at]

    def __iter__(self):
        return iter(self.values)


def shapes(count):
    shapes = [Square(i % 37) for i in range(count)] + [Box(i % 5, i % 11) for i in range(count)]
    shapes.sort()
    wide = sum(each.is_wide for each in shapes if isinstance(each, Box))
    return shapes[count].size(), wide, Box.cube(3).size() + Box.unit(), len(repr(shapes)), Shape.made > 0


def records(count):
    items = sorted(Item(i * 7919 % 1009, f"item{i}") for i in range(count))
    points = functools.reduce(operator.add, (Point(i, -i) for i in range(count)))
    seen = {Point(i % 50, i % 7) for i in range(count)}
    colours = [Colour(i % 3 + 1).name for i in range(count)]
    pairs = [Pair(i, -i) for i in range(count)]
    return items[3].name, points, len(seen), colours.count("RED"), sum(pair.left for pair in pairs)


def reverse_polish(count):
    stack, total = Stack(), 0
    for i in range(count):
        stack.push(i)
        stack.push(i + 1)
        while len(stack) > 1:
            stack.push(stack.pop() * 3 - stack.pop())
        if i in stack:
            total += 1
        total += stack[0] + sum(1 for _ in stack)
        stack.pop()
    return total


def classify(value):
    match value:
        case int() | float() if value < 0:
            return "negative"
        case 0:
            return "zero"
        case [first, *rest]:
            return f"list of {first} and {len(rest)}"
        case {"kind": kind, **others}:
            return f"{kind} {len(others)}"
        case Point(x=0, y=y):
            return f"on the axis at {y}"
        case str():
            return "text"
        case _:
            return "other"


def patterns(count):
    values = [-1, 0, 5, [1, 2, 3], {"kind": "a", "b": 1}, Point(0, 3), Point(1, 1), "x", None]
    return collections.Counter(classify(values[i % len(values)]) for i in range(count)).most_common(3)


# -- Exceptions ----------------------------------------------------------------------------------------------------------


class Refused(ValueError):
    pass


@contextlib.contextmanager
def tracking(log):
    log.append("in")
    try:
        yield log
    finally:
        log.append("out")


def exceptions(count):
    kept, log = 0, []
    for i in range(count):
        try:
            if i % 7 == 0:
                raise KeyError(i)
            if i % 11 == 0:
                raise Refused("number %d" % i)
            [1, 2, 3][i % 5]
        except KeyError:
            kept += 1
        except Refused as error:
            kept += len(error.args)
        except IndexError as error:
            kept += len(str(error))
        else:
            kept -= 1
        finally:
            kept += 1
        if i % 10 == 0:
            with tracking(log), contextlib.suppress(ZeroDivisionError):
                kept += 1 // (i % 3)
    return kept, len(log)


# -- Containers ----------------------------------------------------------------------------------------------------------


def shortest_paths(count):
    graph = {i: [((i * 7 + j * 13) % count, (i * j) % 17 + 1) for j in range(5)] for i in range(count)}
    distance, queue = {0: 0}, [(0, 0)]
    while queue:
        so_far, node = heapq.heappop(queue)
        if so_far > distance[node]:
            continue
        for neighbour, weight in graph[node]:
            new = so_far + weight
            if new < distance.get(neighbour, 10**9):
                distance[neighbour] = new
                heapq.heappush(queue, (new, neighbour))
    return sum(distance.values())


def edit_distance(a, b):
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        current = [i]
        for j, y in enumerate(b, 1):
            current.append(min(previous[j] + 1, current[-1] + 1, previous[j - 1] + (x != y)))
        previous = current
    return previous[-1]


def life(size, steps):
    generator = random.Random(2)
    alive = {(generator.randrange(size), generator.randrange(size)) for _ in range(size * size // 3)}
    for _ in range(steps):
        around = collections.Counter(
            (x + dx, y + dy) for x, y in alive for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy
        )
        alive = {cell for cell, n in around.items() if n == 3 or n == 2 and cell in alive}
    return len(alive)


def dictionaries(count):
    ages = {f"person {i}": i % 90 for i in range(count)}
    by_age = collections.defaultdict(list)
    for name, age in ages.items():
        by_age[age].append(name)
    adults = {name: age for name, age in ages.items() if age >= 18}
    merged = {**ages, **{name.upper(): age for name, age in adults.items()}}
    for name in list(merged)[::3]:
        del merged[name]
    ages.update(adults)
    total = sum(merged.get(name, -1) for name in ages)
    oldest = sorted(by_age, reverse=True)[:5]
    popped = [merged.pop(name, None) for name in list(merged)[:50]]
    return total, oldest, len(popped), max(ages, key=ages.get), "person 7" in merged


def sets_and_tuples(count):
    even, thirds = set(range(0, count, 2)), frozenset(range(0, count, 3))
    words = {"w%d" % (i % 100) for i in range(count)}
    pairs = [(i % 7, str(i)) for i in range(count)]
    pairs.sort(key=operator.itemgetter(0), reverse=True)
    first, *middle, last = pairs
    grid = {(x, y): x ^ y for x in range(40) for y in range(count // 100)}
    return (
        len(even & thirds), len(even | thirds), len(even - thirds), even <= thirds, len(words),
        first, len(middle), last, sum(grid[x, y] for x, y in grid), (1, 2, 3) < (1, 2, 4),
    )  # fmt: skip


def lists(count):
    generator = random.Random(1)
    values = [generator.random() for _ in range(count)]
    falling = sorted(values, key=lambda x: -x)
    shuffled = list(range(count))
    generator.shuffle(shuffled)
    for i in range(1, 250):
        j, value = i, values[i]
        while j > 0 and values[j - 1] > value:
            values[j] = values[j - 1]
            j -= 1
        values[j] = value
    shuffled.extend(range(10))
    shuffled.insert(5, -1)
    shuffled[2:4] = [7] * 6
    recent = collections.deque(maxlen=10)
    for value in shuffled:
        recent.append(value)
    ordered = []
    for value in shuffled[:400]:
        bisect.insort(ordered, value)
    return falling[3], values[7], shuffled.index(-1), sum(recent), ordered[20], any(v < 0 for v in shuffled)


def sieve(limit):
    flags = bytearray([1]) * limit
    for i in range(2, int(limit**0.5) + 1):
        if flags[i]:
            flags[i * i :: i] = bytes(len(range(i * i, limit, i)))
    return sum(flags) - 2


# -- Text and data -------------------------------------------------------------------------------------------------------


def report(count):
    lines = []
    for i in range(count):
        lines.append("%-8s|%6.2f|%s" % ("k%d" % i, i / 7, hex(i)))
        lines.append("{:>5},{!r}".format(i, str(i)))
        lines.append(f"{i:,}".rjust(9))
    text = "\n".join(lines)
    return (
        len(text), text.upper().count("K"), sum(len(line.split("|")) for line in text.splitlines()),
        text.replace("|", "::").find("::k"), text.translate({49: 50})[:9], text.encode()[:5],
        text[::-1][:4].strip().title().isalpha(), text.startswith("k0"),
    )  # fmt: skip


def words(count):
    generator = random.Random(3)
    text = " ".join(
        "".join(generator.choice("abcdefgh") for _ in range(generator.randint(2, 6))) for _ in range(count)
    )
    frequencies = collections.Counter(text.split())
    return (
        frequencies.most_common(3), re.sub(r"([a-d])\1", "<\\1>", text)[:30],
        len(re.findall(r"\b\w{3}\b", text)), textwrap.fill(text[:600], 60)[:20],
        [word.capitalize() for word in text.split()[:300] if word.endswith("a")][:3],
    )  # fmt: skip


def parse_settings(count):
    text = "\n".join(f"  key{i % 40} = value {i} # comment" if i % 5 else f"[section {i}]" for i in range(count))
    line = re.compile(r"\s*(?:\[(?P<section>[^]]*)\]|(?P<key>\w+)\s*=\s*(?P<value>[^#]*?)\s*(?:#.*)?)$")
    settings, section = {}, ""
    for each in text.split("\n"):
        found = line.match(each)
        if found["section"]:
            section = found["section"]
        else:
            settings[section, found["key"]] = found["value"]
    return len(settings)


def evaluate(text):
    tokens = iter(re.findall(r"\d+|[-+*()]", text) + [""])
    current = next(tokens)

    def advance():
        nonlocal current
        last, current = current, next(tokens, "")
        return last

    def factor():
        if current == "(":
            advance()
            value = total()
            advance()
            return value
        return int(advance())

    def product():
        value = factor()
        while current == "*":
            advance()
            value *= factor()
        return value

    def total():
        value = product()
        while current in ("+", "-"):
            value = value + product() if advance() == "+" else value - product()
        return value

    return total()


def ciphers(text):
    shifted = "".join(chr((ord(c) - 97 + 5) % 26 + 97) if c.islower() else c for c in text)
    reverse = str.maketrans(string.ascii_lowercase, string.ascii_lowercase[::-1])
    runs = "".join(f"{key}{len(list(group))}" for key, group in itertools.groupby(sorted(text)))
    vowels = 0
    for character in shifted:
        if character in "aeiou":
            vowels += 1
    return shifted.translate(reverse)[:10], runs[:10], vowels, text.partition(" ")[0], text.casefold()[:3]


def documents(count):
    data = [
        {"a": i, "b": [i / 3, None, True, "x\u20ac\n"], "c": {"k%d" % j: j for j in range(4)}}
        for i in range(count)
    ]
    text = json.dumps(data)
    return json.loads(text) == data, len(json.dumps(data, indent=1, sort_keys=True))


def tables(count):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows((i, f"name {i}", i * 1.5, "a,b") for i in range(count))
    rows = list(csv.DictReader(io.StringIO(out.getvalue()), ["id", "name", "price", "note"]))
    return sum(float(row["price"]) for row in rows)


def binary(count):
    packed = b"".join(struct.pack("<IHd", i, i % 999, i / 7) for i in range(count))
    total = sum(fields[0] + fields[1] for fields in struct.iter_unpack("<IHd", packed))
    return total, packed.hex()[:16], bytes(reversed(packed[:8])), int.from_bytes(packed[:5], "big")


def dates(count):
    start = datetime.datetime(2024, 1, 31, 12, 30)
    days = [start + datetime.timedelta(days=i, hours=i % 24) for i in range(count)]
    months = collections.Counter(day.strftime("%Y-%m") for day in days)
    return len(months), days[-1].isoformat(), sum(day.weekday() < 5 for day in days), max(days) - min(days)


def types_of(count):
    values = [1, "a", None, 2.5, [], {}, (), b"", True, int]
    names = collections.Counter(type(values[i % 10]).__name__ for i in range(count))
    has = sum(hasattr(values[i % 10], "append") + callable(values[i % 10]) for i in range(count))
    attributes = sum(getattr(values[i % 10], "real", 0) is not None for i in range(count))
    return names["int"], has, attributes, typing.get_type_hints(Point)["x"] is int


def compiled(count):
    total = 0
    for i in range(count):
        scope = {"n": i}
        exec(compile(f"def f(x):\n    return [x * k for k in range(3)]\nr = sum(f(n + {i}))", "<s>", "exec"), scope)
        total += scope["r"]
    return total


# -- Arrays and frames ---------------------------------------------------------------------------------------------------


def arrays(count):
    total = 0.0
    for i in range(count):
        a = numpy.arange(60.0).reshape(6, 10) + i
        b = a.T @ a
        total += float(b.trace() + a[a > 20].sum() + a[1:, ::2].mean(axis=0).max() + numpy.sqrt(a).std())
        total += float(numpy.concatenate([a, a]).cumsum()[5] + numpy.where(a % 2 == 0, a, 0)[0, 0])
    return total


def frames(count):
    frame = pandas.DataFrame(
        {"city": ["ab"[i % 2] for i in range(60)], "n": range(60), "v": [i / 3 for i in range(60)]}
    )
    total = 0.0
    for i in range(count):
        chosen = frame[frame["n"] > i % 30].assign(w=frame["v"] * 2)
        total += float(chosen.groupby("city")["w"].sum().max() + chosen.sort_values("v")["n"].iloc[0])
    return total


def main():
    results = [
        collatz(1000), mandelbrot(50, 40), numerics(9000), complex_roots(12000), bits(12000), [large_numbers(e) for e in range(600, 760, 8)],
        money(160), matrices(30), calls(4000), depth(27), ways(90, 90), len(permutations(7)), flips(7),
        generators(5000), coroutines(25000), shapes(900), records(1200), reverse_polish(4000), patterns(5000),
        exceptions(9000), shortest_paths(2500), life(24, 8), dictionaries(6000), sets_and_tuples(8000),
        edit_distance("kitten sitting on the mat" * 6, "sitting kitten at the mall" * 6), lists(5000),
        sieve(60000), report(4000), words(4000), parse_settings(2500),
        sum(evaluate(f"({i}+3)*2-(4*{i}-1)*(2+{i})") for i in range(500)),
        ciphers("The quick brown fox jumps over the lazy dog. " * 400), documents(900), tables(1200),
        binary(6000), dates(1500), types_of(9000), compiled(60), arrays(60), frames(4),
    ]  # fmt: skip
    print(results)


if __name__ == "__main__":
    main()
