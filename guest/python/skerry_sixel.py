# SPDX-License-Identifier: Apache-2.0
"""Images as sixels, for terminals that show nothing else. It is done in here, as decoding what a program shows is nothing for the
host, which checks the result character by character (skerry/app/terminal_image.h)."""

import io

# What the host takes: a side's pixels, and bytes.
_MAX_SIDE = 4096
_MAX_PIXELS = 4_000_000
_MAX_BYTES = 2 << 20
# A terminal has 256 registers for colours.
_COLOURS = 256


def sixel_of(content):
    """What stands between the sixel sequence's beginning and its end; None for what is no PNG, or too large. This Pillow decodes no JPEG."""
    from PIL import Image

    try:
        image = Image.open(io.BytesIO(content), formats=("PNG",))
        width, height = image.size
        if not 0 < width <= _MAX_SIDE or not 0 < height <= _MAX_SIDE or width * height > _MAX_PIXELS:
            return None
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image)
        image = paper.convert("RGB").quantize(_COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    except Exception:  # a program may show anything as an image
        return None
    body = _encoded(image, width, height)
    return body if len(body) <= _MAX_BYTES else None


def _encoded(image, width, height):
    import numpy

    pixels = numpy.asarray(image)
    palette = image.getpalette()
    parts = [f'"1;1;{width};{height}']
    for colour in numpy.unique(pixels).tolist():
        red, green, blue = ((100 * value + 127) // 255 for value in palette[3 * colour:3 * colour + 3])
        parts.append(f"#{colour};2;{red};{green};{blue}")
    for top in range(0, height, 6):
        band = pixels[top:top + 6]
        bits = (1 << numpy.arange(len(band), dtype=numpy.uint8))[:, None]
        lines = [
            f"#{colour}{_run_lengths(numpy, ((band == colour) * bits).sum(axis=0, dtype=numpy.uint8))}"
            for colour in numpy.unique(band).tolist()
        ]
        parts += "$".join(lines), "-"
    parts.pop()
    return "".join(parts).encode()


def _run_lengths(numpy, sixels):
    """A colour's line of six rows: a character for each column, and a number before one that stands for several."""
    begins = numpy.flatnonzero(numpy.diff(sixels, prepend=255))
    lengths = numpy.diff(begins, append=len(sixels)).tolist()
    values = sixels[begins].tolist()
    if not values[-1]:  # nothing of this colour to the right
        values.pop()
    return "".join([
        f"!{length}{chr(63 + value)}" if length > 3 else chr(63 + value) * length for value, length in zip(values, lengths)
    ])  # fmt: skip
