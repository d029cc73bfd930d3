# SPDX-License-Identifier: Apache-2.0
"""The battery: real programs across the standard library and the bundled packages, with the output Python gives."""

import pathlib
import subprocess

import pytest

from conftest import ROOT

GUESTS = pathlib.Path(__file__).parent / "guests"


@pytest.mark.parametrize("program", [str(p.relative_to(GUESTS)) for p in sorted(GUESTS.rglob("*.py"))])
def test_the_program_prints_what_it_should(skerry, program):
    path = GUESTS / program
    given = path.with_suffix(".in")
    done = skerry("run", path, "--memory", "1024", "--timeout", "60", stdin=given.read_bytes() if given.exists() else b"", timeout=90)
    assert done.code == 0, done.err[-3000:]
    assert done.out == path.with_suffix(".out").read_text("utf-8")


def test_the_battery_is_whole():
    programs = sorted(GUESTS.rglob("*.py"))
    assert len(programs) >= 150
    assert [p for p in programs if not p.with_suffix(".out").exists()] == []
    assert [p for p in GUESTS.rglob("*.in") if not p.with_suffix(".py").exists()] == []


def test_wasi_hello_runs_a_module_with_its_words(binary, home, environment):
    def wasi_hello(*words, stdin=b""):
        return subprocess.run([ROOT / "scripts" / "wasi_hello", *words], input=stdin, capture_output=True, timeout=60,
                              env={**environment, "SKERRY": str(binary)})

    assert wasi_hello().stdout == b"Hello from WASI!\n"
    assert wasi_hello(ROOT / "examples" / "reader" / "reader.wat", "--", "a", stdin=b"one two\n").stdout == b"one two\n"
    missing = wasi_hello("none.wasm")
    assert missing.returncode == 125 and b"none.wasm" in missing.stderr
