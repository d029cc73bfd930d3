#!python
# SPDX-License-Identifier: Apache-2.0
"""The command `skerry` of a wheel that has the programs: becomes the one inside of the package, whose others lie beside it."""

import os
import sys
from importlib.util import find_spec

spec = find_spec("skerry")  # without importing it
if spec is None or spec.origin is None:
    sys.exit("skerry: the package skerry is gone: install it again")
program = os.path.join(os.path.dirname(spec.origin), "bin", "skerry")
os.execv(program, [program, *sys.argv[1:]])
