# SPDX-License-Identifier: Apache-2.0
"""Values as they are shown to whoever asked for the run: the last expression's, those given to display(), and figures. Each goes to
the host as a bundle, which is one value in several MIME types, as IPython's display protocol has it. A program that imports IPython
gets the part of it that shows values: `IPython.display`.

    guest -> host  b"B" + JSON line + contents    parts: [type, kind, length]…, metadata, chart, is_result
    host -> guest  "" when it was taken, "full" when the run has shown as much as it may
"""

import binascii
import builtins
import importlib.machinery
import json
import os
import re
import sys
import types

import _host
from _skerry_charts import chart_of
from _skerry_figures import png_of
from _skerry_hints import in_words
from _skerry_report import clean, clip_bytes, name_of, type_name
from _skerry_sixel import sixel_of
from _skerry_streams import flush_streams

# What the host takes of one bundle, as skerry/sandbox/display.h has it: bytes of all its parts, of its JSON, and parts.
MAX_BYTES = 4 << 20
MAX_JSON = 256 << 10
MAX_PARTS = 32
# What the text of a value may take: the rest of it is cut.
MAX_TEXT = 1 << 20
# Pixels of a figure: four bytes each while it is drawn, and as much again for the PNG.
MAX_PIXELS = 25_000_000

# What the one who asked for this run takes: "all" values as bundles, "images" alone, or "" for none.
wanted = ""
# Whether it wants images as sixels, too.
_wants_sixels = False
# The last expression's value, of which there is nothing but this text: its caller has that anyway, and gets it as a bundle only where
# another follows.
_unsent = None

_METHODS = {
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg",
    "_repr_latex_": "text/latex",
    "_repr_json_": "application/json",
    "_repr_javascript_": "application/javascript",
    "_repr_pdf_": "application/pdf",
}
# Values of these have a repr and nothing else.
_PLAIN = frozenset(
    (int, float, complex, str, bytes, bytearray, bool, list, dict, tuple, set, frozenset, range, slice, type,
     types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType, types.GeneratorType, types.CoroutineType)
)
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*(;[\x20-\x7e]*)?", re.IGNORECASE)
_ENDINGS = {
    "text/html": "html", "text/markdown": "md", "text/latex": "tex", "text/plain": "txt", "image/svg+xml": "svg", "image/png": "png",
    "image/jpeg": "jpg", "image/gif": "gif", "application/pdf": "pdf", "application/json": "json", "application/javascript": "js",
}


def _note(text):
    try:
        sys.stderr.write(f"skerry: {clean(text)}\n")
    except Exception:
        pass


def _failed(what, error):
    reason = name_of(error)
    _note(f"{what} raised {reason['type']}: {reason['message']}")


def shown(value):
    """Its repr. Being asked for it changes nothing about the program's end, so that a failure is told in its place."""
    try:
        return repr(value)
    except Exception as error:
        reason = name_of(error)
        return f"<{type_name(type(value))} object whose repr raised {reason['type']}: {reason['message']}>"


def _method(value, name):
    """The value's method, if it has one. Objects that claim to have every attribute have none of these."""
    try:
        method = getattr(value, name, None)
        return method if callable(method) else None
    except Exception:
        return None


def _split(made):
    """What a method of the protocol returned: the datum, and its metadata."""
    if isinstance(made, tuple) and len(made) == 2 and isinstance(made[1], dict):
        return made
    return made, {}


def _bundle_of(value, include=None, exclude=()):
    """The value in all types that it has, and their metadata."""
    data, metadata = {}, {}

    def is_asked_for(kind):
        return kind not in exclude and (include is None or kind in include)

    if type(value) not in _PLAIN and not isinstance(value, type) and not _method(value, "_method_that_no_value_has_"):
        if method := _method(value, "_repr_mimebundle_"):
            try:
                made, more = _split(method(include=include, exclude=exclude or None))
                if isinstance(made, dict):
                    data.update(made)
                    metadata.update(more)
            except Exception as error:
                _failed(f"_repr_mimebundle_ of {type_name(type(value))}", error)
        for name, kind in _METHODS.items():
            if kind in data or not is_asked_for(kind) or not (method := _method(value, name)):
                continue
            try:
                made, more = _split(method())
            except Exception as error:
                _failed(f"{name} of {type_name(type(value))}", error)
                continue
            if made is not None:
                data[kind] = made
                if more:
                    metadata[kind] = more
        if _is_figure(value) and is_asked_for("image/png") and "image/png" not in data:
            png = _draw(value)
            if png is not None:
                data["image/png"] = png
    if is_asked_for("text/plain") and data.get("text/plain") is None:
        data["text/plain"] = shown(value)
    return {kind: made for kind, made in data.items() if is_asked_for(kind)}, metadata


def _is_json(kind):
    return kind == "application/json" or kind.endswith("+json")


def _is_text(kind):
    return kind.startswith("text/") or kind.endswith("+xml") or kind in ("application/javascript", "application/xml")


def _json_of(value):
    """JSON has no NaN: null stands for it, and for infinities."""
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        return json.dumps(json.loads(json.dumps(value), parse_constant=lambda name: None))


def _encoded(kind, made):
    """The datum's kind for the host, and its bytes. Raises what says why it has none."""
    if _is_json(kind):
        return "json", _json_of(made).encode()
    if isinstance(made, (bytes, bytearray, memoryview)):
        content = bytes(made)
        return ("text", content.decode().encode()) if _is_text(kind) else ("binary", content)
    if not isinstance(made, str):
        raise TypeError(f"expected text or bytes, not {type_name(type(made))}")
    if _is_text(kind):
        return "text", clean(made).encode()
    return "binary", binascii.a2b_base64(made, strict_mode=True)


def _save(kind, content):
    """Writes what is too large to be shown into a file of the current directory. Its name, or None."""
    ending = _ENDINGS.get(kind.partition(";")[0], "bin")
    number = 1
    while os.path.lexists(name := f"display-{number}.{ending}"):
        number += 1
    try:
        with open(name, "xb") as file:
            file.write(content)
    except OSError as error:
        _failed(f"writing {name}", error)
        return None
    return name


def _parts_of(data, metadata):
    """The bundle's data as the host takes it. What is too large is in a file then; the text says in which."""
    parts, notes, size = [], [], 0
    text = data.pop("text/plain", None)
    for kind, made in data.items():
        if not isinstance(kind, str) or not _TYPE.fullmatch(kind) or len(kind) > 127:
            _note(f"a value's type {shown(kind)[:127]} is no MIME type")
            continue
        try:
            how, content = _encoded(kind, made)
        except Exception as error:
            _failed(f"{kind} of a value", error)
            continue
        if size + len(content) > MAX_BYTES - MAX_TEXT or (how == "json" and len(content) > MAX_JSON // 2) or len(parts) > MAX_PARTS - 2:
            name = _save(kind, content)
            where = f"in {name}" if name else "lost"
            notes.append(f"[{len(content):,} bytes of {kind} are more than is shown: {where}]")
            if name:
                metadata.setdefault("files", {})[kind] = name
            continue
        size += len(content)
        parts.append((kind, how, content))
    if text is not None or notes:
        text = text if isinstance(text, str) else "" if text is None else shown(text)
        whole = clip_bytes(clean("\n".join(filter(None, (text, *notes)))), MAX_TEXT)
        parts.insert(0, ("text/plain", "text", whole.encode()))
    return parts


def _send(data, metadata, is_result=False, chart=None):
    parts = _parts_of(data, metadata)
    if not parts:
        return
    if _wants_sixels:
        images = [content for kind, _, content in parts if kind == "image/png"]
        if images and (body := sixel_of(images[0])) and sum(len(content) for _, _, content in parts) + len(body) < MAX_BYTES:
            parts.append((_SIXELS, "binary", body))
    flush_streams()
    head = {"parts": [[kind, how, len(content)] for kind, how, content in parts]}
    if is_result:
        head["is_result"] = True
    for name, more in (("metadata", metadata), ("chart", chart)):
        if not more:
            continue
        try:
            text = _json_of(more)
        except Exception as error:
            _failed(f"the {name} of a value", error)
            continue
        if len(text) > MAX_JSON // 4:
            _note(f"the {name} of a value has {len(text):,} bytes, and at most {MAX_JSON // 4:,} are shown")
            continue
        head[name] = text
    frame = b"".join([b"B", json.dumps(head).encode(), b"\n", *(content for _, _, content in parts)])
    if _host.call(frame) == b"full":
        _note(f"a run shows at most 256 values of 16 MiB together: this one is not shown")


def show_result(value):
    """Shows the last expression's value, if there is more to it than its repr. Its text."""
    global _unsent
    if type(value) in _PLAIN:
        _unsent = shown(value)
        return _unsent
    if method := _method(value, "_ipython_display_"):
        try:
            method()
            return shown(value)
        except Exception as error:
            _failed(f"_ipython_display_ of {type_name(type(value))}", error)
    data, metadata = _bundle_of(value)
    text = data["text/plain"]
    if len(data) > 1 or metadata:
        _send(data, metadata, True, chart_of(value) if _is_figure(value) else None)
    else:
        _unsent = text
    if _is_figure(value):
        _close(value)
    return text if isinstance(text, str) else shown(text)


def display(*values, include=None, exclude=None, metadata=None, transient=None, display_id=None, raw=False, clear=False, **more):
    """Shows values: as bundles where whoever asked for the run takes them, else printed. As IPython's."""
    handle = None
    if display_id is not None:
        handle = DisplayHandle(None if display_id is True else display_id)
        metadata = {**(metadata or {}), "display_id": handle.display_id}
    for value in values:
        if not raw and not isinstance(value, type) and (method := _method(value, "_ipython_display_")):
            method()
            continue
        if raw:
            data, found = dict(value), {}
        elif wanted == "all" or wanted and _may_be_image(value):
            data, found = _bundle_of(value, include, exclude or ())
        else:
            print(repr(value))
            continue
        if wanted == "all" or wanted and not _IMAGES.isdisjoint(data):
            _send(data, {**found, **(metadata or {})}, chart=chart_of(value) if _is_figure(value) else None)
        else:
            print(data.get("text/plain", ""))
        if _is_figure(value):
            _close(value)
    return handle


_IMAGES = frozenset(("image/png", "image/jpeg"))
_SIXELS = "image/x-sixel"


def _may_be_image(value):
    return _is_figure(value) or isinstance(value, Image) or _method(value, "_repr_png_") or _method(value, "_repr_jpeg_")


def update_display(value, *, display_id, **options):
    """Shows a value in place of an earlier one: metadata say of which."""
    options["metadata"] = {**(options.get("metadata") or {}), "update": True}
    display(value, display_id=display_id, **options)


def clear_output(wait=False):
    """What has been sent stays: there is no screen here."""


class DisplayHandle:
    """By which what is shown can be shown anew."""

    def __init__(self, display_id=None):
        self.display_id = display_id or os.urandom(16).hex()

    def display(self, value, **options):
        display(value, display_id=self.display_id, **options)

    def update(self, value, **options):
        update_display(value, display_id=self.display_id, **options)


class DisplayObject:
    """A value of one MIME type: text or bytes, given or read from a file."""

    _type = "text/plain"
    _mode = "r"

    def __init__(self, data=None, url=None, filename=None, metadata=None):
        if isinstance(data, os.PathLike):
            data, filename = None, os.fspath(data)
        if url is not None:
            raise OSError(in_words("there is no network here; hand data in: {files}"))
        self.filename = filename
        self.metadata = metadata or {}
        if data is None and filename is not None:
            with open(filename, self._mode) as file:
                data = file.read()
        self.data = data

    def __repr__(self):
        return f"<IPython.core.display.{type(self).__name__} object>"

    def _repr_mimebundle_(self, include=None, exclude=None):
        made = self._made()
        return {} if made is None else ({self._type: made}, {self._type: self.metadata} if self.metadata else {})

    def _made(self):
        return self.data


class Pretty(DisplayObject):
    pass


class HTML(DisplayObject):
    _type = "text/html"

    def __html__(self):
        return self.data


class Markdown(DisplayObject):
    _type = "text/markdown"


class Latex(DisplayObject):
    _type = "text/latex"


class Math(DisplayObject):
    _type = "text/latex"

    def _made(self):
        return f"$\\displaystyle {self.data.strip('$')}$"


class SVG(DisplayObject):
    _type = "image/svg+xml"


class Javascript(DisplayObject):
    _type = "application/javascript"


class JSON(DisplayObject):
    _type = "application/json"

    def __init__(self, data=None, url=None, filename=None, expanded=False, metadata=None, root="root", **more):
        super().__init__(data, url, filename, {"expanded": expanded, "root": root, **(metadata or {}), **more})
        if isinstance(self.data, str):
            self.data = json.loads(self.data)


class Image(DisplayObject):
    _mode = "rb"

    def __init__(self, data=None, url=None, filename=None, format=None, embed=None, width=None, height=None, metadata=None, **more):
        if isinstance(data, str) and os.path.exists(data):
            data, filename = None, data
        sizes = {name: size for name, size in (("width", width), ("height", height)) if size is not None}
        super().__init__(data, url, filename, {**sizes, **(metadata or {})})
        self.format = (format or self._format()).lower().replace("jpg", "jpeg")
        self.width, self.height = width, height

    def _format(self):
        start = bytes(self.data[:16]) if isinstance(self.data, (bytes, bytearray, memoryview)) else b""
        for name, mark in (("png", b"\x89PNG"), ("jpeg", b"\xff\xd8"), ("gif", b"GIF8")):
            if start.startswith(mark):
                return name
        return "webp" if start[8:12] == b"WEBP" else "png"

    @property
    def _type(self):
        return f"image/{self.format}"


def display_png(*values, **options):
    display(*values, include={"image/png", "text/plain"}, **options)


def display_html(*values, **options):
    display(*values, include={"text/html", "text/plain"}, **options)


def display_markdown(*values, **options):
    display(*values, include={"text/markdown", "text/plain"}, **options)


def display_json(*values, **options):
    display(*values, include={"application/json", "text/plain"}, **options)


# Figures. As in a notebook, each that is open is shown once: by show(), as the last value, or at the end, and is closed with that.


def _is_figure(value):
    figure = sys.modules.get("matplotlib.figure")
    return figure is not None and isinstance(value, figure.Figure)


def _draw(figure):
    width, height = figure.get_size_inches() * figure.dpi
    if not width * height <= MAX_PIXELS:
        _note(f"a figure of {width:.0f} x {height:.0f} pixels is not shown: {MAX_PIXELS:,} pixels are the most; make it smaller")
        return None
    try:
        return png_of(figure)
    except Exception as error:
        _failed("drawing a figure", error)
        return None


def _close(figure):
    """Of pyplot's figures, this one; the program may still use it."""
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close(figure)


# Those that a run has returned whose caller takes no bundles.
_returned = []


def begin(takes, sixels):
    """Before each run."""
    global wanted, _unsent, _wants_sixels
    wanted, _unsent, _wants_sixels = takes, None, sixels


def show_figures():
    """Shows the figures that are still open."""
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    if helpers is None or not helpers.Gcf.figs:
        return
    if _unsent is not None:
        _send({"text/plain": _unsent}, {}, True)
    for manager in helpers.Gcf.get_all_fig_managers():
        _show(manager)


def _show(manager):
    figure = manager.canvas.figure
    if wanted:
        data, metadata = _bundle_of(figure)
        _send(data, metadata, chart=chart_of(figure))
    _close(figure)


def show_image(value):
    """Whether the last expression's value is an image, which is shown then."""
    if type(value) in _PLAIN or not _may_be_image(value):
        return False
    display(value)
    return True


def note_result(value):
    """The value that a run gives back whose caller takes no bundles."""
    if _is_figure(value):
        _returned.append(value)


def end_figures():
    """At the end of a run: what was shown is closed, so that the next one does not draw into it."""
    for figure in _returned:
        _close(figure)
    _returned.clear()


def fit_figures():
    bases = sys.modules.get("matplotlib.backend_bases")
    if bases is not None:
        bases.FigureManagerBase.show = _show


# IPython, as far as it shows values.


def _module(name, names, package):
    module = types.ModuleType(name)
    module.__dict__.update(names)
    if package:
        module.__path__ = []
    return module


_NAMES = (
    display, update_display, clear_output, DisplayHandle, DisplayObject, Pretty, HTML, Markdown, Latex, Math, SVG, Javascript, JSON,
    Image, display_png, display_html, display_markdown, display_json,
)
_SHOWING = {each.__name__: each for each in _NAMES}
_SHELL = {"get_ipython": lambda: None}
_MODULES = {
    "IPython": _module("IPython", {"display": display, "version_info": (9, 0, 0), "__version__": "9.0.0", **_SHELL}, True),
    "IPython.display": _module("IPython.display", _SHOWING, False),
    "IPython.core": _module("IPython.core", {}, True),
    "IPython.core.display": _module("IPython.core.display", _SHOWING, False),
    "IPython.core.display_functions": _module("IPython.core.display_functions", _SHOWING, False),
    "IPython.core.getipython": _module("IPython.core.getipython", _SHELL, False),
}


class _Finder:
    """Finds them once a program asks: libraries take a loaded IPython for a notebook."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in _MODULES:
            return importlib.machinery.ModuleSpec(name, _Finder, is_package=hasattr(_MODULES[name], "__path__"))
        return None

    @staticmethod
    def create_module(spec):
        return _MODULES[spec.name]

    @staticmethod
    def exec_module(module):
        pass


def fit_display():
    for each in _NAMES:
        each.__module__ = "IPython.display"
    builtins.display = display
    if _Finder not in sys.meta_path:
        sys.meta_path.append(_Finder)
