# SPDX-License-Identifier: Apache-2.0
"""What a session weighs: what its programs keep, and nothing of what they have dropped."""

import pytest

from conftest import parsed

KIB = 1024
MARK = "b''.join([b'marked', b'-page '])"

# Each takes tens of megabytes or all that there is, and leaves nothing.
DROPPED = {
    "one large object": f"x = {MARK} * 7_000_000; del x",
    "many small objects": "x = [bytes([i % 256]) * 1000 for i in range(80_000)]; del x",
    "a large object of a function that raises": "def f():\n    big = bytearray(b'x') * (80 * 2**20)\n    1 / 0\nf()",
    "strings until memory is full": "rows = [str(i) * 3 for i in range(10**8)]",
    "dictionaries until memory is full": "rows = [{'k': i} for i in range(10**8)]",
    "an array": "import numpy\nx = numpy.full(10_000_000, 1.5); del x",
    "a cycle": "x = [bytearray(b'x') * (40 * 2**20)]; x.append(x); del x",
    "in pieces": "x = [bytearray(b'y') * 300_000 for _ in range(200)]; del x[::2]; del x",
}


def added_by(run, code):
    """Bytes of the revision that a run of it makes."""
    return parsed(run("s", code, "--json"))["session"]["bytes"]


@pytest.mark.parametrize("name", DROPPED)
def test_what_is_dropped_is_not_kept(run, name):
    # A session's first exception writes in some pages of the interpreter, whatever it is.
    added_by(run, "keep = 1\nimport numpy\nprint(numpy.zeros(3))\nraise MemoryError")
    sizes = [added_by(run, DROPPED[name]) for _ in range(3)]
    # Now and then a revision holds whole pages, and those of the patches before it. Where memory was full, pools stay, too.
    assert max(sizes) < 2048 * KIB
    assert run("s", "print(keep)").ok().out == "1\n"


def test_what_is_kept_stays(run):
    assert added_by(run, f"x = {MARK} * 1_000_000") > 10_000_000
    assert run("s", f"print(len(x), x == {MARK} * 1_000_000)").ok().out == "12000000 True\n"


def test_free_memory_holds_nothing_of_before(run):
    run("s", DROPPED["one large object"]).ok()
    run("s", "x = 1").ok()
    found = f"import numpy\nprint(numpy.empty(60_000_000, numpy.uint8).tobytes().count({MARK}))"
    assert run("s", found).ok().out == "0\n"
