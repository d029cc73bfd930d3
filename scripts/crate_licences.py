#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the licences of the Rust crates that are linked into the programs, each text once: packages carry them."""

import json
import pathlib
import re
import subprocess

CRATE = pathlib.Path(__file__).resolve().parent.parent / "skerry" / "engine" / "wasmtime"
TEXT = re.compile(r"(?i)(licen[cs]e|copying|notice|copyright|unlicense)[^/]*")


def metadata():
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu",
               "--manifest-path", CRATE / "Cargo.toml"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def linked(told):
    """The ids of all crates that end up in the archive: those needed at run time, not those that only compile others."""
    nodes = {node["id"]: node for node in told["resolve"]["nodes"]}
    found, waiting = set(), [told["resolve"]["root"]]
    while waiting:
        if (name := waiting.pop()) in found:
            continue
        found.add(name)
        waiting += [each["pkg"] for each in nodes[name]["deps"] if any(kind["kind"] is None for kind in each["dep_kinds"])]
    return found - {told["resolve"]["root"]}


def main():
    told = metadata()
    wanted = linked(told)
    texts = {}
    for package in sorted((each for each in told["packages"] if each["id"] in wanted), key=lambda each: each["name"]):
        print(f"{package['name']} {package['version']}: {package['license']}")
        for path in sorted(pathlib.Path(package["manifest_path"]).parent.iterdir()):
            if path.is_file() and TEXT.fullmatch(path.name):
                texts.setdefault(path.read_text(errors="replace").strip(), []).append(f"{package['name']} {package['version']}: {path.name}")
    for text, owners in texts.items():
        print("\n" + "=" * 80)
        print("\n".join(owners) + "\n\n" + text)


main()
