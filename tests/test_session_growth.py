# SPDX-License-Identifier: Apache-2.0
"""What a session weighs: what its programs keep, and nothing of what they have dropped."""

import pytest

from conftest import parsed

KIB = 1024
MARK = "b''.join([b'marked', b'-page '])"

# Each takes tens of megabytes or all that there is, and leaves nothing. Those until memory is full end in an error, whose
# traceback the interpreter keeps.
DROPPED = {
    "one large object": f"x = {MARK} * 7_000_000; del x",
    "many small objects": "x = [bytes([i % 256]) * 1000 for i in range(80_000)]; del x",
    "a large object of a function that raises": "def f():\n    big = bytearray(b'x') * (80 * 2**20)\n    1 / 0\nf()",
    "strings until memory is full": "rows = [str(i) * 3 for i in range(10**8)]",
    "dictionaries until memory is full": "rows = [{'k': i} for i in range(10**8)]",
    "an array": "import numpy\nx = numpy.full(10_000_000, 1.5); del x",
    "a cycle": "x = [bytearray(b'x') * (40 * 2**20)]; x.append(x); del x",
    "in pieces": "x = [bytearray(b'y') * 300_000 for _ in range(200)]; del x[::2]; del x",
    "strings": "x = [str(i) * 10 for i in range(800_000)]; del x",
    "lists": "x = [[i] * 10 for i in range(700_000)]; del x",
    "dictionaries": "x = [{'k': i} for i in range(400_000)]; del x",
    "tuples": "x = [(i, i + 1, i + 2) for i in range(1_000_000)]; del x",
    "sets": "x = [{i, i + 1} for i in range(200_000)]; del x",
    "numbers": "x = [i * 1.5 for i in range(3_000_000)]; del x",
    "small arrays": "import numpy\nx = [numpy.full(100, i) for i in range(100_000)]; del x",
    "arrays of many sizes": "import numpy\nx = [numpy.full(i % 5000 + 1, i) for i in range(4000)]; del x",
    "a frame": "import numpy, pandas\nd = pandas.DataFrame({c: numpy.arange(1e6) for c in 'abcdefgh'}); e = d.describe(); del d, e",
    "a deque": "import collections\nx = collections.deque(range(5_000_000, 10_000_000)); del x",
    "deep calls": "def f(n):\n    y = [n] * 2000\n    return f(n - 1) + len(y) if n else 0\nf(900)",
    "JSON": "import json\nx = json.dumps([{'a': i, 'b': [i] * 5, 'c': str(i)} for i in range(300_000)]); y = json.loads(x); del x, y",
    "sorted copies": "import random\nx = [random.random() for _ in range(1_000_000)]; y = sorted(x); z = sorted(y, reverse=True); del x, y, z",
    "instances of a class": "class A:\n    def __init__(s, i): s.a = i; s.b = str(i)\nx = [A(i) for i in range(400_000)]; del x, A",
    "generators": "def g(i): yield i\nx = [g(i) for i in range(200_000)]\nfor y in x: next(y)\ndel x, y, g",
    "matches": "import re\nx = ''.join('%d' % i * 50 for i in range(300_000)); y = re.findall('9+', x); del x, y",
}


def added_by(run, code):
    """Bytes of the revision that a run of it makes."""
    return parsed(run("s", code, "--json"))["session"]["bytes"]


@pytest.mark.parametrize("name", DROPPED)
def test_what_is_dropped_is_not_kept(run, name):
    run("s", "keep = 1").ok()
    sizes = [added_by(run, DROPPED[name]) for _ in range(3)]
    assert max(sizes) < 256 * KIB, sizes
    assert run("s", "print(keep)").ok().out == "1\n"


def test_what_is_kept_stays(run):
    assert added_by(run, f"x = {MARK} * 1_000_000") > 10_000_000
    assert run("s", f"print(len(x), x == {MARK} * 1_000_000)").ok().out == "12000000 True\n"


def test_free_memory_holds_nothing_of_before(run):
    run("s", DROPPED["one large object"]).ok()
    run("s", "x = 1").ok()
    found = f"import numpy\nprint(numpy.empty(60_000_000, numpy.uint8).tobytes().count({MARK}))"
    assert run("s", found).ok().out == "0\n"
