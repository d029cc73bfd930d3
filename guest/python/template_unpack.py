# SPDX-License-Identifier: Apache-2.0
"""Unpacks the wheels in /wheels into one archive, /packages.tar, and prints what they are: their names, versions and modules. Wheels
are strangers' bytes: they are looked into here, in a sandbox, and nowhere else."""

import io
import json
import os
import re
import sys
import tarfile
import zipfile
from email.parser import Parser

from packaging.utils import canonicalize_name

# Modules that a package brings for itself: imported, they test or set it up.
NO_MODULES = {"test", "tests", "testing", "docs", "doc", "example", "examples", "benchmark", "benchmarks", "scripts", "setup", "conftest", "build", "dist"}


def modules_of(names):
    """The outermost packages and modules among these files."""
    packages = {os.path.dirname(name) for name in names if os.path.basename(name) == "__init__.py"}
    found = {each for each in packages if each and os.path.dirname(each) not in packages}
    found |= {name[:-3] for name in names if name.endswith(".py") and "/" not in name}
    # Below a namespace's directory those packages count that are nobody's parts.
    found = {each for each in found if not any(each.startswith(other + "/") for other in found)}
    dotted = sorted(each.replace("/", ".") for each in found)
    return [each for each in dotted if all(part.isidentifier() for part in each.split(".")) and each not in NO_MODULES and each[0] != "_"]


def main():
    files, packages = {}, []
    for file in sorted(os.listdir("/wheels")):
        try:
            with zipfile.ZipFile("/wheels/" + file) as wheel:
                (metadata,) = [name for name in wheel.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
                about = Parser().parsestr(wheel.read(metadata).decode())
                own = {}
                for name in wheel.namelist():
                    if name.endswith("/") or ".." in name.split("/") or name.startswith("/") or "\\" in name:
                        continue
                    # What goes elsewhere than beside the modules: scripts and headers are of no use here.
                    scheme = re.fullmatch(r"[^/]+\.data/([^/]+)/(.+)", name)
                    if scheme and scheme[1] not in ("purelib", "platlib"):
                        continue
                    own[scheme[2] if scheme else name] = wheel.read(name)
        except (zipfile.BadZipFile, KeyError, ValueError, RuntimeError, NotImplementedError, OSError) as error:
            sys.exit(f"{file} is damaged: {type(error).__name__}: {error}")
        for name in files.keys() & own.keys():
            if files[name] != own[name]:
                sys.exit(f"two packages bring the file {name}: {file} is one of them")
        files |= own
        packages.append({"file": file, "name": about["Name"], "version": about["Version"], "modules": modules_of(own),
                         "requires": [canonicalize_name(re.match(r"[\w.-]+", each)[0]) for each in about.get_all("Requires-Dist", [])]})
    needed = {name for each in packages for name in each.pop("requires")}
    for each in packages:
        each["is_needed"] = canonicalize_name(each["name"]) in needed
    with tarfile.open("/packages.tar", "w", format=tarfile.USTAR_FORMAT) as out:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size = len(files[name])
            try:
                out.addfile(entry, io.BytesIO(files[name]))
            except ValueError:
                sys.exit(f"a package has a file whose path is too long: {name}")
    print(json.dumps(packages))


main()
