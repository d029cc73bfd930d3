# SPDX-License-Identifier: Apache-2.0
"""matplotlib draws Chinese, Japanese and Korean, which its own fonts do not have: whatever font is asked for, one that has them comes
after it, for the characters that are missing there."""

from _skerry_numbers import _FITS

# Its file, and which of the faces there.
_FACE = "/usr/local/lib/python315.zip/matplotlib/mpl-data/fonts/ttf/NotoSansCJKjp-Regular.otf", 0


def _fit_fonts(manager):
    original = manager._get_font

    def _get_font(paths, *args, **kwargs):
        return original(paths if _FACE in paths else (*paths, _FACE), *args, **kwargs)

    _get_font.cache_clear, _get_font.cache_info = original.cache_clear, original.cache_info
    manager._get_font = _get_font


_FITS["matplotlib.font_manager"] = _fit_fonts
