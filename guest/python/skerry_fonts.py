# SPDX-License-Identifier: Apache-2.0
"""matplotlib's fonts. It draws Chinese, Japanese and Korean, which its own fonts do not have: whatever font is asked for, one that has
them comes after it, for the characters that are missing there. And a template has its usual font open."""

import io
import os
import sys

from _skerry_numbers import _FITS

_DIRECTORY = "/usr/local/lib/python315.zip/matplotlib/mpl-data/fonts/ttf/"
# Its file, and which of the faces there.
_FACE = _DIRECTORY + "NotoSansCJKjp-Regular.otf", 0
# A font that is read from for each glyph is in memory; it has 756 KB.
_IN_MEMORY = "DejaVuSans.ttf"


def _fit_fonts(manager):
    original = manager._get_font

    def _get_font(paths, *args, **kwargs):
        return original(paths if _FACE in paths else (*paths, _FACE), *args, **kwargs)

    _get_font.cache_clear, _get_font.cache_info = original.cache_clear, original.cache_info
    manager._get_font = _get_font


_FITS["matplotlib.font_manager"] = _fit_fonts


def _usual_labels():
    """What stands at the ticks of many axes."""
    numbers = [*range(101), *range(150, 1001, 50), *range(1990, 2031)]
    labels = [str(number) for number in numbers]
    labels += [f"{number / 10:.1f}" for number in range(101)]
    labels += [f"{number / 100:.2f}" for number in range(0, 1001, 25)] + [f"{number / 100:.2f}" for number in range(0, 101, 5)]
    return labels + ["\u2212" + label for label in labels]


class _Kept(io.BytesIO):
    """A font's file that is in memory."""

    def __init__(self, path):
        with open(path, "rb") as file:
            super().__init__(file.read())
        self.name = path


class _Reopened:
    """A font's file that is no open file until something is read from it."""

    _file = None

    def __init__(self, path):
        self.name = path

    def seek(self, place):
        if self._file is None:
            self._file = open(self.name, "rb")
        return self._file.seek(place)

    def read(self, size):
        if self._file is None:
            self._file = open(self.name, "rb")
        return self._file.read(size)

    def close(self):
        if self._file is not None:
            self._file.close()
            self._file = None


def keep_fonts():
    """Opens the font that a figure's text has if nobody asks for another, without a descriptor that a program would see, and measures
    the usual labels. All else that is known of fonts is forgotten. For a template: no program runs meanwhile."""
    from matplotlib import font_manager, mathtext
    from matplotlib.backends import backend_agg

    font_manager._get_font.cache_clear()
    mathtext.MathTextParser._parse_cached.cache_clear()
    sys.modules["_skerry_text"].forget()
    files = []
    original = io.open

    def opened(path, *args, **kwargs):
        file = (_Kept if os.path.basename(path) == _IN_MEMORY else _Reopened)(path)
        files.append(file)
        return file

    usual = font_manager.FontProperties()
    renderer = backend_agg.RendererAgg(1, 1, 100)
    context = renderer.new_gc()
    io.open = opened  # where a font looks for it
    try:
        font = renderer._prepare_font(usual)
    finally:
        io.open = original
    for label in _usual_labels():
        renderer.get_text_width_height_descent(label, usual, False)
        renderer.draw_text(context, 0, 0, label, usual, 0)
    font.clear()
    for file in files:
        if type(file) is _Reopened:
            file.close()
