# SPDX-License-Identifier: Apache-2.0
"""The battery: real programs across the standard library and the bundled packages, with the output Python gives."""

import pathlib

import pytest

PROGRAMS = pathlib.Path(__file__).parent / "programs"


@pytest.mark.parametrize("program", [str(p.relative_to(PROGRAMS)) for p in sorted(PROGRAMS.rglob("*.py"))])
def test_the_program_prints_what_it_should(skerry, program):
    path = PROGRAMS / program
    given = path.with_suffix(".in")
    done = skerry("run", path, "--memory", "1024", "--timeout", "60", stdin=given.read_bytes() if given.exists() else b"", timeout=90)
    assert done.code == 0, done.err[-3000:]
    assert done.out == path.with_suffix(".out").read_text("utf-8")


def test_the_battery_is_whole():
    programs = sorted(PROGRAMS.rglob("*.py"))
    assert len(programs) >= 150
    assert [p for p in programs if not p.with_suffix(".out").exists()] == []
    assert [p for p in PROGRAMS.rglob("*.in") if not p.with_suffix(".py").exists()] == []
