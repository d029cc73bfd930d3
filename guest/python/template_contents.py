# SPDX-License-Identifier: Apache-2.0
"""Prints what a template has for packages that are added to it: those that it ships, and its answers to the markers of requirements."""

import json
from importlib.metadata import distributions

from packaging.markers import default_environment

print(json.dumps({
    "shipped": {each.metadata["Name"]: {"version": each.version, "requires": each.requires or []} for each in distributions()},
    "markers": default_environment(),
}))
