#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the order of the folders under skerry/: SKERRY_LAYERS in CMakeLists.txt, lowest first.

A folder includes only itself and folders before it in that list; only the engine includes Wasmtime; every folder is in the
list. Prints each breach as file:line and ends with 1 if there was any.

    tests/layers.py [SOURCE_DIRECTORY]
"""

import re
import sys
from pathlib import Path

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
LIST = re.compile(r"set\(SKERRY_LAYERS\s+([^)]*)\)")
SOURCES = {".h", ".cc"}
ENGINE = "engine"


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
    return None


def breaches(root):
    order = layers_of(root)
    for directory in sorted(p for p in (root / "skerry").iterdir() if p.is_dir()):
        folder = directory.name
        if folder not in order:
            yield f"{directory.relative_to(root)}: not in SKERRY_LAYERS"
            continue
        for file in sorted(p for p in directory.rglob("*") if p.suffix in SOURCES):
            for number, line in enumerate(file.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                breach = breach_of(folder, match.group(2), order) if match else None
                if breach:
                    yield f"{file.relative_to(root)}:{number}: {breach}"


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    found = list(breaches(root))
    for breach in found:
        print(breach)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
