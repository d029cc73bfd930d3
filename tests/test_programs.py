# SPDX-License-Identifier: Apache-2.0
"""The battery: real programs across the standard library and the bundled packages, with the output Python gives."""

import os
import pathlib
import subprocess
import sys

import pytest

from conftest import ROOT

GUESTS = pathlib.Path(__file__).parent / "guests"
PROGRAMS = [str(p.relative_to(GUESTS)) for p in sorted(GUESTS.rglob("*.py"))]
# What needs packages whose versions the Python of Debian 12 has no builds for. An interpreter that has them, named by
# SKERRY_NATIVE_PYTHON, runs these, too.
WITH_PACKAGES = {"lxml", "matplotlib", "numpy", "packages", "pandas", "scipy", "sklearn", "sympy"}
# What needs a bug fix of CPython 3.11: `filter` of archives, a task group that is cancelled from outside.
NEEDS_FIXES = {"stdlib/asyncio_taskgroup.py", "stdlib/shutil_copy.py", "stdlib/tarfile_archives.py"}
FIXED = (3, 11, 7)
# In a /tmp of its own, as each has in a sandbox: the program comes through a descriptor that outlives the other /tmp.
IN_OWN_TMP = 'exec 3<"$1"; mount -t tmpfs none /tmp; cat <&3 >/tmp/program.py; exec 3<&-; cd /tmp; exec "$2" -I program.py'


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_program_prints_what_it_should(skerry, program):
    path = GUESTS / program
    given = path.with_suffix(".in")
    done = skerry("run", path, "--memory", "1024", "--timeout", "60", stdin=given.read_bytes() if given.exists() else b"", timeout=90)
    assert done.code == 0, done.err[-3000:]
    assert done.out == path.with_suffix(".out").read_text("utf-8")


def native_programs():
    if os.environ.get("SKERRY_NATIVE_PYTHON"):
        return PROGRAMS
    old = NEEDS_FIXES if sys.version_info < FIXED else set()
    return [program for program in PROGRAMS if program.partition("/")[0] not in WITH_PACKAGES and program not in old]


@pytest.mark.parametrize("program", native_programs())
def test_cpython_on_this_machine_prints_the_same(program):
    """So no expectation is what the thing under test once happened to print."""
    path = GUESTS / program
    given = path.with_suffix(".in")
    python = os.environ.get("SKERRY_NATIVE_PYTHON") or os.path.realpath(sys.executable)
    done = subprocess.run(["unshare", "--map-root-user", "--mount", "sh", "-ec", IN_OWN_TMP, "sh", path, python], timeout=60,
                          input=given.read_bytes() if given.exists() else b"", capture_output=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.decode() == path.with_suffix(".out").read_text("utf-8")


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
