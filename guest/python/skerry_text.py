# SPDX-License-Identifier: Apache-2.0
"""matplotlib's text, measured and laid out once for a font and a size. A figure's is measured several times before it is drawn, and
each time the shaper reads a font's tables anew, in some hundred small pieces. The pixels are those of matplotlib's own code."""

from _skerry_numbers import _FITS

# Texts, of all fonts together.
_MAX_TEXTS = 4096
_MAX_FONTS = 64
_tables, _measured, _laid_out = {}, {}, {}


def _keep(known, most, key, value):
    """Keeps what was found out. A look-up of it writes nowhere, which an order of use would."""
    if len(known) >= most:
        known.clear()
    known[key] = value
    return value


def _replace(owner, function):
    function.__wrapped__ = getattr(owner, function.__name__)
    function.__doc__ = function.__wrapped__.__doc__
    setattr(owner, function.__name__, function)


def forget():
    for known in _tables, _measured, _laid_out:
        known.clear()


def _is_its_own(font, text):
    """Whether the font has all of the text's characters. Where it has not, others stand in, and matplotlib may have to warn of it."""
    return type(text) is str and all(map(font.get_char_index, map(ord, text)))


class _Tables:
    """What a text's height asks of a font."""

    def __init__(self, font):
        self._font, self._tables = font, {}

    def get_sfnt_table(self, name):
        try:
            return self._tables[name]
        except KeyError:
            return self._tables.setdefault(name, self._font.get_sfnt_table(name))

    def __getattr__(self, name):
        return getattr(self._font, name)


def _fit_heights(text):
    """Each text asks for its font's height."""
    original = text.get_font

    def get_font(paths):
        font = original(paths)
        return _tables.get(font) or _keep(_tables, _MAX_FONTS, font, _Tables(font))

    _replace(text, get_font)


def _fit_renderer(agg):
    renderer = agg.RendererAgg
    prepare = renderer._prepare_font
    measure = renderer.get_text_width_height_descent
    flags_of = agg.get_hinting_flag

    def get_text_width_height_descent(self, s, prop, ismath):
        if ismath is not False:
            return measure(self, s, prop, ismath)
        font = prepare(self, prop)
        key = font, prop.get_size_in_points(), self.dpi, flags_of(), s
        size = _measured.get(key)
        if size is None:
            size = measure(self, s, prop, ismath)
            if _is_its_own(font, s):
                _keep(_measured, _MAX_TEXTS, key, size)
        return size

    def _prepare_font(self, font_prop):
        font = prepare(self, font_prop)
        return _LaidOut(font, (font, font_prop.get_size_in_points(), self.dpi))

    _replace(renderer, get_text_width_height_descent)
    _replace(renderer, _prepare_font)
    _fit_glyphs(renderer)


class _LaidOut:
    """A font of a size and a resolution that remembers where the glyphs of a text are."""

    def __init__(self, font, key):
        self._font, self._key = font, key

    def _layout(self, s, flags, features=None, language=None):
        if features is not None or language is not None:
            return self._font._layout(s, flags=flags, features=features, language=language)
        key = *self._key, flags, s
        items = _laid_out.get(key)
        if items is None:
            items = self._font._layout(s, flags=flags)
            if _is_its_own(self._font, s):
                _keep(_laid_out, _MAX_TEXTS, key, items)
        return items

    def __getattr__(self, name):
        return getattr(self._font, name)


class _Sized:
    """A font for the glyphs of one text: with each size that it is given it runs its hinting program, so it is given one once."""

    def __init__(self, font):
        self._font, self._size = font, None
        self._set_transform, self._render_glyph = font._set_transform, font._render_glyph

    def set_size(self, *size):
        if self._size != size:
            self._font.set_size(*size)
            self._size = size

    def __getattr__(self, name):
        return getattr(self._font, name)


def _fit_glyphs(renderer):
    draw = renderer._draw_text_glyphs_and_boxes

    def _draw_text_glyphs_and_boxes(self, gc, x, y, angle, glyphs, boxes):
        fonts = {}

        def sized(font):
            return fonts.get(font) or fonts.setdefault(font, _Sized(font))

        return draw(self, gc, x, y, angle, ((sized(font), *rest) for font, *rest in glyphs), boxes)

    _replace(renderer, _draw_text_glyphs_and_boxes)


_FITS["matplotlib.text"] = _fit_heights
_FITS["matplotlib.backends.backend_agg"] = _fit_renderer
