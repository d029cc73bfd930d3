#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Refuses words in the code for which there is a standard term. Prints each as file:line, with the term, and ends with 1 if there was any.

    tests/words.py [SOURCE_DIRECTORY]
"""

import re
import sys
from pathlib import Path

# An identifier, or a part of one, and what it is called here.
WORDS = {
    r"k(Most|Longest|Largest)([A-Z]\w*)?": "kMax...",
    r"\w*Setting": "Options",
    r"setting_": "options_",
    r"\w*(Output|Text)Seen": "OutputCallback, TextCallback",
    r"\w*Door": "HostCallHandler",
    r"Desk|Seats?": "FreshSandboxes, SessionSandboxes",
    r"Wish": "ControlRequest",
    r"ModelShare": "ModelUsage",
}
PATTERN = re.compile("|".join(rf"(?P<w{n}>\b(?:{word})\b)" for n, word in enumerate(WORDS)))
TERMS = list(WORDS.values())


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    found = 0
    for file in sorted(p for p in (root / "skerry").rglob("*") if p.suffix in {".h", ".cc"}):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            for match in PATTERN.finditer(line):
                found += 1
                print(f'{file.relative_to(root)}:{number}: "{match.group()}" is called {TERMS[int(match.lastgroup[1:])]}')
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
