# SPDX-License-Identifier: Apache-2.0
"""Says hello, and what it runs on: skerry run examples/python/hello.py"""

import platform
import sys

print(f"Hello from {platform.python_implementation()} {platform.python_version()} on {sys.platform}!")
