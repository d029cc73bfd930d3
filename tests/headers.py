#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles each header that has no source of its own by itself, so that an #include that it lacks is found.

The others come first in their source (tests/layers.py sees to that), which clang-tidy compiles without precompiled headers. A header
is compiled as the sources of its folder are, in a build without precompiled headers. Prints the compiler's errors and ends with 1 if
there were any.

    tests/headers.py BUILD_DIRECTORY [JOBS]
"""

import concurrent.futures
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def commands_of(build):
    """For each folder the command of a source, and for "FOLDER tests" that of a test, without the source and what is made of it."""
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = Path(entry["file"])
        words = shlex.split(entry["command"])
        compiler = next(i for i, word in enumerate(words) if "clang" in word)  # behind a launcher
        words = words[compiler:words.index("-o")]
        folder = file.parent.relative_to(ROOT).as_posix() if file.is_relative_to(ROOT) else ""
        commands.setdefault(f"{folder} tests" if file.stem.endswith("_test") else folder, (words, entry["directory"]))
    return commands


def check(header, commands):
    """The compiler's errors."""
    folder = header.parent.relative_to(ROOT).as_posix()
    is_for_tests = header.stem.startswith("test_") or header.stem.endswith("_fixture")
    # A folder of headers alone is compiled as the one that it is in.
    while folder not in commands and f"{folder} tests" not in commands:
        folder = Path(folder).parent.as_posix()
    words, directory = commands.get(f"{folder} tests" if is_for_tests else folder) or commands.get(folder) or commands[f"{folder} tests"]
    done = subprocess.run([*words, "-w", "-fsyntax-only", "-x", "c++-header", str(header)], cwd=directory, capture_output=True, text=True)
    return done.stderr if done.returncode else ""


def main():
    commands = commands_of(Path(sys.argv[1]))
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count()
    headers = sorted(header for header in (ROOT / "skerry").rglob("*.h") if not header.with_suffix(".cc").exists())
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        errors = [error for error in pool.map(lambda header: check(header, commands), headers) if error]
    print("".join(errors) or f"headers: {len(headers)} without a source compile by themselves")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
