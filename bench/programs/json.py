# SPDX-License-Identifier: Apache-2.0
"""JSON: encoding and decoding records, nested trees and strings, plain and indented."""

import json


def record(index):
    return {
        "id": index,
        "name": "user %d" % index,
        "email": "user%d@example.com" % index,
        "active": index % 3 == 0,
        "score": index * 1.25,
        "tags": ["tag%d" % (index % 7), "tag%d" % (index % 11), "caf\u00e9"],
        "address": {"street": "%d High Street" % index, "city": "Town", "zip": None},
        "note": 'a "quoted" line\nand another\twith \\ slashes',
    }


def tree(depth):
    if depth == 0:
        return {"leaf": True, "values": [1, 2.5, -3, "x"]}
    return {"left": tree(depth - 1), "right": tree(depth - 1), "depth": depth}


def main():
    records = [record(index) for index in range(900)]
    nested = tree(9)
    total = 0
    for _ in range(6):
        text = json.dumps(records)
        total += len(text)
        total += sum(item["id"] for item in json.loads(text) if item["active"])
        lines = [json.dumps(item, separators=(",", ":")) for item in records]
        total += sum(len(json.loads(line)["tags"]) for line in lines)
        text = json.dumps(nested)
        assert json.loads(text) == nested
        total += len(text)
    pretty = json.dumps(nested, indent=2, sort_keys=True)
    total += len(pretty) + len(json.dumps(records, ensure_ascii=False))
    return total, len(json.loads(pretty))


print("json", main())
