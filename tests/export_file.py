# SPDX-License-Identifier: Apache-2.0
"""Session exports taken apart and put together again, as who means harm would. docs/formats/session_export.md has the bytes.

Needs the `zstd` program.
"""

import hashlib
import struct
import subprocess

HEADER = struct.Struct("<8sIIQQ")
MAGIC = b"SKRYEXP\0"
HASH = 32


def signed(file):
    """The file with a hash that fits, of the version that it says it has."""
    if file[8] == 1:
        return file[:32] + hashlib.sha256(file[:32] + file[64:]).digest() + file[64:]
    return file[:-HASH] + hashlib.sha256(file[:-HASH]).digest()


def with_header(file, **changes):
    names = ("magic", "version", "manifest_size", "pages_size", "body_size")
    fields = dict(zip(names, HEADER.unpack(file[:32]))) | changes
    return signed(HEADER.pack(*(fields[name] for name in names)) + file[32:])


def zstd(*words, data):
    return subprocess.run(["zstd", *words], input=data, capture_output=True, check=True).stdout


def parts_of(file):
    """The manifest and the pages of an export of the second version."""
    _, version, manifest_size, _, _ = HEADER.unpack(file[:32])
    assert version == 2
    plain = zstd("-dc", data=file[32:-HASH])
    return plain[:manifest_size], plain[manifest_size:]


def export_file(manifest, pages=b"", version=2):
    body = zstd("-c1", "--no-check", data=manifest + pages)
    if version == 1:
        return signed(HEADER.pack(MAGIC, 1, len(manifest), len(pages), len(body)) + bytes(HASH) + body)
    return signed(HEADER.pack(MAGIC, version, len(manifest), len(pages), 0) + body + bytes(HASH))


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, data):
    """A field of bytes, or of a message."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def varints(data):
    value, shift = 0, 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield value
            value, shift = 0, 0


def fields_of(message):
    """Number, the whole field as bytes, and the content of one that has a length."""
    at = 0

    def number():
        nonlocal at
        begin = at
        while message[at] >= 0x80:
            at += 1
        at += 1
        return next(varints(message[begin:at]))

    while at < len(message):
        begin, tag = at, number()
        content = None
        if tag & 7 == 0:
            number()
        elif tag & 7 == 1:
            at += 8
        else:
            assert tag & 7 == 2
            size = number()
            content = message[at : at + size]
            at += size
        yield tag >> 3, message[begin:at], content


def first_version(manifest):
    """A manifest of the second version as the first one has it: a message for each run of pages."""
    out = b""
    for number, whole, content in fields_of(manifest):
        if number != 10:
            out += whole
            continue
        end, numbers = 0, list(varints(content))
        for gap, count in zip(numbers[::2], numbers[1::2]):
            out += field(9, b"\x08" + varint(end + gap) + b"\x10" + varint(count))
            end += gap + count
    return out
