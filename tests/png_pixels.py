# SPDX-License-Identifier: Apache-2.0
"""Reads the PNG files that tests meet: eight bits a channel, RGB or RGBA, not interlaced. What it reads is what the format's
specification says, and nothing of ours or Pillow's."""

import dataclasses
import struct
import zlib


@dataclasses.dataclass
class Png:
    mode: str
    width: int
    height: int
    pixels: bytes
    chunks: dict

    @property
    def pixels_per_metre(self):
        return struct.unpack(">II", self.chunks[b"pHYs"][:8])


def _unfiltered(kind, row, above, step):
    row = bytearray(row)
    for at in range(len(row)) if kind else ():
        left = row[at - step] if at >= step else 0
        over = above[at]
        corner = above[at - step] if at >= step else 0
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = over
        elif kind == 3:
            guess = (left + over) // 2
        else:
            assert kind == 4
            guess = min((left, over, corner), key=lambda each: abs(left + over - corner - each))
        row[at] = (row[at] + guess) & 0xFF
    return bytes(row)


def read_png(data):
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        content = data[at + 8:at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size:at + 12 + size]) == (zlib.crc32(kind + content),), kind
        chunks[kind] = chunks.get(kind, b"") + content
        at += 12 + size
    assert kind == b"IEND"
    width, height, depth, colours, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, rest) == (8, [0, 0, 0]) and colours in (2, 6)
    step = {2: 3, 6: 4}[colours]
    rows, stride = zlib.decompress(chunks[b"IDAT"]), step * width
    assert len(rows) == (stride + 1) * height
    pixels, above = [], bytes(stride)
    for begin in range(0, len(rows), stride + 1):
        above = _unfiltered(rows[begin], rows[begin + 1:begin + 1 + stride], above, step)
        pixels.append(above)
    return Png({2: "RGB", 6: "RGBA"}[colours], width, height, b"".join(pixels), chunks)
