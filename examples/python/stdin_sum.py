# SPDX-License-Identifier: Apache-2.0
"""Adds the numbers on standard input, one a line: seq 100 | skerry run examples/python/stdin_sum.py"""

import sys

total = 0.0
for number, line in enumerate(sys.stdin, start=1):
    try:
        total += float(line)
    except ValueError:
        sys.exit(f"line {number} is no number: {line.rstrip()!r}")
print(f"{total:g}")
