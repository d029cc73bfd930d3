# SPDX-License-Identifier: Apache-2.0
"""Regular expressions: log parsing, tokenising, substitution, splitting and validation."""

import re

LOG = re.compile(
    r'(?P<host>\d+\.\d+\.\d+\.\d+) - (?P<user>\w+|-) \[(?P<day>\d\d)/(?P<month>[A-Z][a-z]{2})/'
    r'(?P<year>\d{4})\] "(?P<verb>GET|POST|PUT) (?P<path>[^ "]+) HTTP/1\.[01]" (?P<code>\d{3})'
)
TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?)|(?P<name>[A-Za-z_]\w*)|(?P<operator>[-+*/=<>!]=?|[()]))"
)
EMAIL = re.compile(r"^[\w.+-]+@(?:[\w-]+\.)+[a-z]{2,}$", re.IGNORECASE)


def log_lines(count):
    for index in range(count):
        yield (
            f"10.0.{index % 256}.{index * 7 % 256} - "
            f"{'-' if index % 3 else 'user%d' % index} [{index % 28 + 1:02d}/Mar/2026] "
            f'"{("GET", "POST", "PUT")[index % 3]} /page/{index}/item?q={index % 91} HTTP/1.1" '
            f"{200 + index % 5 * 100}"
        )


def main():
    total = 0
    codes = {}
    text = "\n".join(log_lines(7000))
    for match in LOG.finditer(text):
        code = match["code"]
        codes[code] = codes.get(code, 0) + len(match["path"]) + int(match["day"])
    source = "total = (price_1 + 3.75 * count) / 2 >= limit != other_name - 42\n" * 600
    kinds = {}
    for match in TOKEN.finditer(source):
        kinds[match.lastgroup] = kinds.get(match.lastgroup, 0) + 1
    hidden, changes = re.subn(r"\d+\.\d+\.\d+\.(\d+)", r"x.x.x.\1", text)
    total += changes + len(hidden)
    shouted = re.sub(r"\b[a-z](\w*)", lambda match: match[0].upper(), source)
    total += len(shouted) + shouted.count("T")
    total += len(re.split(r"[\s\"/?=&]+", text))
    total += len(re.findall(r"(?:page|item)(?=[/?])", text))
    for index in range(9000):
        address = f"first.last{index}@mail{index % 9}.example.{'org' if index % 4 else '4'}"
        total += EMAIL.match(address) is not None
    return total, sorted(codes.items()), sorted(kinds.items())


print("regex", main())
