# SPDX-License-Identifier: Apache-2.0
"""Puts the programs into the wheel, if SKERRY_TREE says where they are installed: scripts/build_package.sh. Else the wheel is Python alone."""

import os

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ProgramsHook(BuildHookInterface):
    def initialize(self, version, build_data):
        tree = os.environ.get("SKERRY_TREE")
        if not tree:
            return
        # For every Python 3: nothing is linked with the interpreter. auditwheel writes the platform that it finds.
        build_data.update(pure_python=False, tag="py3-none-linux_x86_64")
        for folder in ("bin", "share"):
            build_data["force_include"][os.path.join(tree, folder)] = f"skerry/{folder}"
        build_data["shared_scripts"][os.path.join(self.root, "launcher.py")] = "skerry"
