#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the order of the folders under skerry/: SKERRY_LAYERS in CMakeLists.txt, lowest first.

A folder includes only itself and folders before it in that list; only the engine includes Wasmtime; every folder is in the
list; headers of a folder do not include each other in a circle; what a language's folder in runtime declares is for runtime alone;
a source includes its own header first, so that the header is known to compile by itself; a folder that works with threads is among
TSAN_TESTS of the Makefile; a folder has at most 25 files that are no tests. The tables of folders in ARCHITECTURE.md and skerry/README.md
are made of the first lines of the folders' READMEs. Prints each breach as file:line and ends with 1 if there was any.

    tests/layers.py [SOURCE_DIRECTORY]
    tests/layers.py --write    writes the tables
"""

import graphlib
import re
import sys
from pathlib import Path

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
LIST = re.compile(r"set\(SKERRY_LAYERS\s+([^)]*)\)")
SOURCES = {".h", ".cc"}
ENGINE = "engine"
MAX_FILES = 25
# Folders whose sub-folders are for themselves alone; other sub-folders only keep files of one kind together.
CLOSED_FOLDERS = {"runtime"}
# What a source names that starts threads, or gives them work; a count of processors is none.
THREADS = re.compile(r"std::(jthread|thread\b(?!::hardware))|thread_pool|\b(Pool|StoreLanes|SessionAccess|on_pool|Mutex)\b")
# Folders that do, and whose unit tests have no threads at work: whole programs are run of these.
UNTHREADED_TESTS = {"app", "bench"}
# Documents with the table, and how a folder is named there.
TABLES = {"ARCHITECTURE.md": "[`skerry/{0}`](skerry/{0}/README.md)", "skerry/README.md": "[{0}]({0}/README.md)"}
BEGIN, END = "<!-- folders: tests/layers.py --write -->\n", "<!-- end of folders -->\n"


def layers_of(root):
    match = LIST.search((root / "CMakeLists.txt").read_text())
    if match is None:
        sys.exit("layers: CMakeLists.txt has no set(SKERRY_LAYERS ...)")
    return match.group(1).split()


def breach_of(folder, header, order):
    """What is wrong with `header` in a file of `folder`, or None."""
    if header.startswith("wasmtime") and header.endswith((".h", ".hh")) and folder != ENGINE:
        return f"<{header}> is for {ENGINE} alone"
    parts = header.split("/")
    if parts[0] != "skerry" or header.endswith(".pb.h"):  # generated: below all folders
        return None
    included = parts[1]
    if included not in order:
        return f'"{header}" is in no folder of SKERRY_LAYERS'
    if order.index(included) > order.index(folder):
        return f'"{header}": {folder} lies below {included}'
    if included in CLOSED_FOLDERS and included != folder and len(parts) > 3 and not parts[-1].startswith("test_"):
        return f'"{header}" is for {included} alone'
    return None


def purpose_of(root, folder):
    """What the folder is: the first line of its README, `# name: what it is`."""
    readme = root / "skerry" / folder / "README.md"
    first = readme.read_text().split("\n", 1)[0] if readme.exists() else ""
    return first.removeprefix(f"# {folder}: ") if first.startswith(f"# {folder}: ") else None


def table_of(root, name):
    rows = "".join(f"| {name.format(folder)} | {purpose_of(root, folder)} |\n" for folder in layers_of(root))
    return f"{BEGIN}| folder | what |\n|---|---|\n{rows}{END}"


def with_table(text, table):
    """The document with this table in place of its own; None where it has no place for one."""
    begin, end = text.find(BEGIN), text.find(END)
    return None if begin < 0 or end < begin else text[:begin] + table + text[end + len(END):]


def excess(root, folder):
    """Too many files for one folder, or for one in it."""
    counts = {}
    for file in (root / "skerry" / folder).rglob("*"):
        if file.suffix in SOURCES and not file.stem.endswith(("_test", "_fuzz")) and not file.stem.startswith("test_"):
            directory = str(file.parent.relative_to(root / "skerry"))
            counts[directory] = counts.get(directory, 0) + 1
    for directory, files in sorted(counts.items()):
        if files > MAX_FILES:
            yield f"skerry/{directory}: {files} files that are no tests, at most {MAX_FILES}: split it"


def circles(root, folder):
    """Headers of one folder that include each other in a circle."""
    includes = {}
    for file in (root / "skerry" / folder).rglob("*.h"):
        name = str(file.relative_to(root))
        found = (INCLUDE.match(line) for line in file.read_text().splitlines())
        includes[name] = {match.group(2) for match in found if match and match.group(2).startswith(f"skerry/{folder}/")}
    try:
        graphlib.TopologicalSorter(includes).prepare()
    except graphlib.CycleError as error:
        yield f"skerry/{folder}: headers include each other: {' -> '.join(error.args[1])}"


def late_header(root, source):
    """A source that includes something before its own header."""
    own = source.relative_to(root).with_suffix(".h")
    if source.suffix != ".cc" or not (root / own).exists():
        return
    for number, line in enumerate(source.read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            if match.group(2) != str(own):
                yield f'{source.relative_to(root)}:{number}: expected "{own}" first'
            return


def without_tsan(root, order):
    """Folders that work with threads and whose tests do not run under the thread sanitizer."""
    tests = re.search(r"^TSAN_TESTS \?= (.*)$", (root / "Makefile").read_text(), re.MULTILINE).group(1).split()
    for folder in order:
        if folder in UNTHREADED_TESTS or f"{folder}_test" in tests:
            continue
        for file in sorted(p for p in (root / "skerry" / folder).rglob("*") if p.suffix in SOURCES and not p.stem.endswith("_test")):
            match = THREADS.search(re.sub(r"//.*", "", file.read_text()))
            if match:
                yield f"{file.relative_to(root)}: has {match.group()}, and TSAN_TESTS of the Makefile lacks {folder}_test"
                break


def breaches(root):
    order = layers_of(root)
    for folder in order:
        if purpose_of(root, folder) is None:
            yield f"skerry/{folder}/README.md:1: expected \"# {folder}: WHAT IT IS\""
        yield from circles(root, folder)
        yield from excess(root, folder)
    yield from without_tsan(root, order)
    for document, name in TABLES.items():
        text = (root / document).read_text()
        if with_table(text, table_of(root, name)) != text:
            yield f"{document}:1: its table of folders is old: tests/layers.py --write"
    for directory in sorted(p for p in (root / "skerry").iterdir() if p.is_dir()):
        folder = directory.name
        if folder not in order:
            yield f"{directory.relative_to(root)}: not in SKERRY_LAYERS"
            continue
        for file in sorted(p for p in directory.rglob("*") if p.suffix in SOURCES):
            yield from late_header(root, file)
            for number, line in enumerate(file.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                breach = breach_of(folder, match.group(2), order) if match else None
                if breach:
                    yield f"{file.relative_to(root)}:{number}: {breach}"


def main():
    here = Path(__file__).resolve().parent.parent
    if sys.argv[1:] == ["--write"]:
        for document, name in TABLES.items():
            path = here / document
            path.write_text(with_table(path.read_text(), table_of(here, name)) or sys.exit(f"{document} has no place for the table"))
        return 0
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else here
    found = list(breaches(root))
    for breach in found:
        print(breach)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
