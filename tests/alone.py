#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles each header that has no source of its own, and hands the sources that are named to clang-tidy, each by itself: so that an
#include that one lacks is found, and what is said only of the file that a compiler was given, such as an alias that nobody uses.

The other headers come first in their source (tests/layers.py sees to that). Other builds compile several sources as one, with
precompiled headers. Here a source is compiled as its target says, a header as the sources of its folder are, in a build without
precompiled headers. Prints what was found and ends with 1 if that was anything. With --list it prints what that build compiles of all
sources but tests, and does no more.

    tests/alone.py BUILD_DIRECTORY [--list | SOURCE...]
"""

import concurrent.futures
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIDY = ROOT / "build/venv/bin/clang-tidy"
# Bodies of templates are parsed where they are used: an eighth of the time goes into those that nobody uses.
LATE_TEMPLATES = ["-fdelayed-template-parsing", "-Wno-delayed-template-parsing-in-cxx20"]


def is_bunch(file):
    """Whether it is what CMake writes to have several sources compiled as one."""
    return file.name.startswith("unity_") and file.parent.name == "Unity"


def folder_of(file, build):
    # BUILD/skerry/FOLDER/CMakeFiles/TARGET.dir/Unity/unity_0_cxx.cxx
    if is_bunch(file):
        return file.parents[3].relative_to(build).as_posix()
    return file.parent.relative_to(ROOT).as_posix() if file.is_relative_to(ROOT) else ""


def sources_of(file):
    """The sources that are compiled with it: those that a bunch includes, or itself."""
    if not is_bunch(file):
        return [file]
    includes = (line.split('"')[1] for line in file.read_text().splitlines() if line.startswith("#include"))
    return [(file.parent / include).resolve() for include in includes]


def commands_of(entries, build):
    """For each source the command that it is compiled with, without the source and what is made of it; and for headers, for each folder
    that of one of its sources, or for "FOLDER tests" that of a test."""
    commands = {}
    for entry in entries:
        file = Path(entry["file"])
        words = shlex.split(entry["command"])
        compiler = next(i for i, word in enumerate(words) if "clang" in word)  # behind a launcher
        words = words[compiler:words.index("-o")]
        folder = folder_of(file, build)
        command = (words, entry["directory"])
        commands.setdefault(f"{folder} tests" if file.stem.endswith("_test") else folder, command)
        for source in sources_of(file):
            commands.setdefault(str(source), command)
    return commands


def command_for(file, commands):
    if str(file) in commands:
        return commands[str(file)]
    folder = file.parent.relative_to(ROOT).as_posix()
    is_for_tests = file.stem.startswith("test_") or file.stem.endswith("_fixture")
    # A folder whose sources are compiled with those of the one that it is in is compiled as that.
    while folder not in commands and f"{folder} tests" not in commands:
        folder = Path(folder).parent.as_posix()
    return commands.get(f"{folder} tests" if is_for_tests else folder) or commands.get(folder) or commands[f"{folder} tests"]


def check(file, commands):
    """What is wrong with it."""
    words, directory = command_for(file, commands)
    if file.suffix == ".h":
        command = [*words, "-w", "-fsyntax-only", "-x", "c++-header", str(file)]
    else:
        command = [str(TIDY), "--quiet", "--checks=clang-diagnostic-*", str(file), "--", *words[1:], *LATE_TEMPLATES]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
    return done.stdout + done.stderr if done.returncode else ""


def main():
    build = Path(sys.argv[1]).resolve()
    entries = json.loads((build / "compile_commands.json").read_text())
    if sys.argv[2:] == ["--list"]:
        files = [Path(entry["file"]) for entry in entries]
        ours = [file for file in files if is_bunch(file) or file.is_relative_to(ROOT / "skerry") and not file.stem.endswith("_test")]
        print("\n".join(sorted(str(file) for file in ours)))
        return 0
    commands = commands_of(entries, build)
    headers = sorted(header for header in (ROOT / "skerry").rglob("*.h") if not header.with_suffix(".cc").exists())
    sources = [ROOT / source for source in sys.argv[2:]]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        errors = [error for error in pool.map(lambda file: check(file, commands), headers + sources) if error]
    print("".join(errors) or f"alone: {len(headers)} headers without a source and {len(sources)} sources have no findings by themselves")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
