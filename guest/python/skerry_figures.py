# SPDX-License-Identifier: Apache-2.0
"""Figures as PNG: the pixels that savefig(bbox_inches="tight") draws, in half its time."""

import io
import struct
import sys
import zlib

# Levels of zlib above it take longer without finding more in a drawing, those below it make files half as large again.
_LEVEL = 4
# Rows that are compressed at once: few enough to take little memory, enough to make the calls cheap.
_ROWS = 16


def margins(figure):
    """Where saving cuts a figure's empty margins off: what bbox_inches="tight" comes to, without the drawing in vain that it begins
    with. That is for layouts that depend on one, which three-dimensional axes do, too."""
    rc = sys.modules["matplotlib"].rcParams
    pad = rc["savefig.pad_inches"]
    is_laid_out = figure.get_layout_engine() is not None or any(axes.name == "3d" for axes in figure.axes)
    if is_laid_out or isinstance(pad, str) or rc["savefig.dpi"] not in ("figure", figure.dpi) or not _is_plain(figure.canvas):
        return "tight"
    # What measures has no need of room for pixels.
    measuring = sys.modules["matplotlib.backends.backend_agg"].RendererAgg(1, 1, figure.dpi)
    return figure.get_tightbbox(measuring).padded(pad)


def _is_plain(canvas):
    agg = sys.modules.get("matplotlib.backends.backend_agg")
    return agg is not None and type(canvas) is agg.FigureCanvasAgg


def png_of(figure):
    """Raises what drawing raises."""
    global _ticks_of
    if not _is_plain(figure.canvas):
        file = io.BytesIO()
        figure.savefig(file, format="png", bbox_inches=margins(figure))
        return file.getvalue()
    file = _Pixels(figure)
    _ticks_of = {}
    try:
        figure.savefig(file, format="rgba", bbox_inches=margins(figure))
    finally:
        _ticks_of = None
    return file.png


# While a figure is measured and drawn, each axis is asked for its ticks again and again: by itself, by its label, by each spine. What
# they are is kept by axis, with what they follow from; None where nothing draws.
_ticks_of = None
# What looks at nothing else for an answer.
_PLAIN = frozenset(("AutoLocator", "MaxNLocator", "NullLocator", "FixedLocator", "StrCategoryLocator", "LogLocator",
                    "ScalarFormatter", "NullFormatter", "FixedFormatter", "StrCategoryFormatter", "LogFormatterSciNotation"))


def _state_of(axis):
    """What an axis' ticks follow from, as long as nothing but drawing happens; None where that is not known."""
    parts = axis.major.locator, axis.major.formatter, axis.minor.locator, axis.minor.formatter
    for part in parts:
        if type(part).__name__ not in _PLAIN or not type(part).__module__.startswith("matplotlib."):
            return None
    axes = axis.axes
    return *map(id, parts), *axis.get_view_interval(), *axes.bbox.bounds, axes.figure.dpi, axis.get_scale()


def fit_ticks():
    module = sys.modules.get("matplotlib.axis")
    if module is None:
        return
    update = module.Axis._update_ticks
    plain = module.XAxis, module.YAxis

    def _update_ticks(self):
        if _ticks_of is None or type(self) not in plain or self.axes.name != "rectilinear":
            return update(self)
        known = _ticks_of.get(self)
        if known is not None and known[0] == _state_of(self):
            return known[1].copy()
        ticks = update(self)
        if (state := _state_of(self)) is not None:
            _ticks_of[self] = state, ticks.copy()
        return ticks

    _update_ticks.__wrapped__, _update_ticks.__doc__ = update, update.__doc__
    module.Axis._update_ticks = _update_ticks


class _Pixels(io.RawIOBase):
    """Takes the pixels that a figure is saved as, while it has the resolution that it is saved with."""

    png = None

    def __init__(self, figure):
        self._figure = figure

    def write(self, pixels):
        self.png = _encoded(pixels, self._figure.dpi)


def _encoded(pixels, dpi):
    height, width, _ = pixels.shape
    software = f"Matplotlib version{sys.modules['matplotlib'].__version__}, https://matplotlib.org/"
    flat = pixels.cast("B")
    data = _compressed(flat, 4 * width)
    if len(data) > len(flat) // 8:
        # Much of it is no drawing: filters make a photograph half as large.
        return _encoded_by_pillow(flat, (width, height), dpi, software)
    per_metre = int(dpi / 0.0254 + 0.5)
    return b"".join([
        b"\x89PNG\r\n\x1a\n",
        *_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)),
        *_chunk(b"tEXt", b"Software\0" + software.encode("latin-1")),
        *_chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)),
        *_chunk(b"IDAT", data),
        *_chunk(b"IEND", b""),
    ])  # fmt: skip


def _chunk(kind, content):
    return struct.pack(">I", len(content)), kind, content, struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))


def _compressed(flat, stride):
    """Rows without a filter: in drawings repetition finds more than differences do."""
    compressor = zlib.compressobj(_LEVEL)
    data = []
    for begin in range(0, len(flat), stride * _ROWS):
        rows = []
        for at in range(begin, min(begin + stride * _ROWS, len(flat)), stride):
            rows += b"\0", flat[at:at + stride]
        data.append(compressor.compress(b"".join(rows)))
    data.append(compressor.flush())
    return b"".join(data)


def _encoded_by_pillow(flat, size, dpi, software):
    from PIL import Image, PngImagePlugin

    about = PngImagePlugin.PngInfo()
    about.add_text("Software", software)
    file = io.BytesIO()
    Image.frombuffer("RGBA", size, flat, "raw", "RGBA", 0, 1).save(file, format="png", dpi=(dpi, dpi), pnginfo=about)
    return file.getvalue()
