# SPDX-License-Identifier: Apache-2.0
"""What a figure of matplotlib's shows, as data: kind of chart, title, axes, and the values behind them. The shape is that of E2B's
code interpreter, whose clients parse it."""

import math
import re
import sys

# Values of one chart: a description of more would be no description.
_MAX_VALUES = 5_000
_UNIT = re.compile(r"\(([^()]*)\)\s*$")
_SCALES = frozenset(("linear", "log", "symlog", "logit", "function", "functionlog", "asinh"))


class _TooMany(Exception):
    pass


def chart_of(figure):
    """The description, or None where there is nothing to describe, or too much."""
    try:
        charts = [chart for axes in figure.axes if (chart := _chart_of_axes(axes))]
    except Exception:  # a figure may hold anything
        return None
    if len(charts) < 2:
        return charts[0] if charts else None
    suptitle = figure.get_suptitle()
    return {"type": "superchart", "title": suptitle or None, "elements": charts}


def _chart_of_axes(axes):
    from matplotlib import collections, container, patches

    chart = {"type": "unknown", "title": axes.get_title() or None, "elements": []}
    wedges = [each for each in axes.patches if isinstance(each, patches.Wedge)]
    if wedges:
        return {**chart, "type": "pie", "elements": _slices(axes, wedges)}
    for side, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        label = axis.get_label_text()
        unit = _UNIT.search(label)
        chart[side + "_label"] = label or None
        chart[side + "_unit"] = unit[1] if unit else None
    if boxes := _boxes_of.get(axes):
        return {**chart, "type": "box_and_whisker", "elements": _boxes(boxes)}
    bars = [each for each in axes.containers if isinstance(each, container.BarContainer)]
    if bars:
        return {**chart, "type": "bar", "elements": _bars(axes, bars)}
    lines = [each for each in axes.lines if len(each.get_xdata(orig=False))]
    scattered = [each for each in axes.collections if isinstance(each, collections.PathCollection) and len(each.get_offsets())]
    if not lines and not scattered:
        return chart if axes.has_data() else None
    for side, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        chart[side + "_scale"] = _scale(axis)
        low, high = sorted(axis.get_view_interval())
        ticks = [(tick.get_loc(), tick.label1.get_text()) for tick in axis._update_ticks() if tick._major]
        ticks = [(place, text) for place, text in ticks if low <= place <= high]
        chart[side + "_ticks"] = [_value(axis, place) for place, _ in ticks]
        chart[side + "_tick_labels"] = [text for _, text in ticks]
    if lines:
        points = [(each.get_xdata(orig=False), each.get_ydata(orig=False)) for each in lines]
    else:
        points = [(offsets[:, 0], offsets[:, 1]) for offsets in (each.get_offsets() for each in scattered)]
    if sum(len(xs) for xs, _ in points) > _MAX_VALUES:
        raise _TooMany
    chart["type"] = "line" if lines else "scatter"
    chart["elements"] = [
        {"label": _label(each, "Line" if lines else "Points", number),
         "points": [[_value(axes.xaxis, x), _value(axes.yaxis, y)] for x, y in zip(xs, ys)]}
        for number, (each, (xs, ys)) in enumerate(zip(lines or scattered, points))
    ]
    return chart


def _label(artist, kind, number):
    label = str(artist.get_label() or "")
    return f"{kind} {number}" if not label or label.startswith("_") else label


def _number(value):
    number = float(value)
    return number if math.isfinite(number) else None


def _is_dated(axis):
    dates = sys.modules.get("matplotlib.dates")
    converter = axis.get_converter()
    return dates is not None and isinstance(converter, (dates.DateConverter, dates._SwitchableDateConverter))


def _categories(axis):
    mapping = getattr(axis.units, "_mapping", None)
    return {place: name for name, place in mapping.items()} if mapping else {}


def _scale(axis):
    if _categories(axis):
        return "categorical"
    if _is_dated(axis):
        return "datetime"
    scale = axis.get_scale()
    return scale if scale in _SCALES else "unknown"


def _value(axis, place):
    if name := _categories(axis).get(place):
        return name
    number = _number(place)
    if number is not None and _is_dated(axis):
        return sys.modules["matplotlib.dates"].num2date(number).replace(tzinfo=None).isoformat()
    return number


def _slices(axes, wedges):
    texts = [text.get_text() for text in axes.texts if text.get_text()]
    names = [str(each.get_label() or "") for each in wedges]
    if any(not name or name.startswith("_") for name in names):
        names = (texts + [""] * len(wedges))[: len(wedges)]
    return [
        {"label": name, "angle": _number(abs(each.theta2 - each.theta1)), "radius": _number(each.r)} for name, each in zip(names, wedges)
    ]


def _bars(axes, groups):
    elements = []
    for group in groups:
        is_upright = group.orientation != "horizontal"
        axis = axes.xaxis if is_upright else axes.yaxis
        names = [(place, text.get_text()) for place, text in zip(axis.get_majorticklocs(), axis.get_majorticklabels())]
        if len(elements) + len(group.patches) > _MAX_VALUES:
            raise _TooMany
        for bar in group.patches:
            begin, size = (bar.get_x(), bar.get_width()) if is_upright else (bar.get_y(), bar.get_height())
            middle = begin + size / 2
            near = [(abs(place - middle), text) for place, text in names if begin <= place <= begin + size and text]
            label = min(near)[1] if near else str(_value(axis, middle))
            label_of_group = str(group.get_label() or "")
            elements.append(
                {"label": label, "group": "" if label_of_group.startswith("_") else label_of_group,
                 "value": _number(bar.get_height() if is_upright else bar.get_width())}
            )
    return elements


# The statistics behind boxes that were drawn, by their axes: of a drawn box only lines are left. None where nothing draws.
_boxes_of = None


def _boxes(boxes):
    return [
        {"label": str(each.get("label", "")), "min": _number(each["whislo"]), "first_quartile": _number(each["q1"]),
         "median": _number(each["med"]), "third_quartile": _number(each["q3"]), "max": _number(each["whishi"]),
         "outliers": [_number(value) for value in list(each.get("fliers", ()))[:_MAX_VALUES]]}
        for each in boxes[:_MAX_VALUES]
    ]


def fit_charts():
    """Keeps the statistics of boxes that are drawn."""
    global _boxes_of
    import weakref

    axes = sys.modules.get("matplotlib.axes")
    if axes is None or _boxes_of is not None:
        return
    _boxes_of = weakref.WeakKeyDictionary()
    draw = axes.Axes.bxp

    def bxp(self, bxpstats, *args, **kwargs):
        bxpstats = list(bxpstats)
        drawn = draw(self, bxpstats, *args, **kwargs)
        _boxes_of.setdefault(self, []).extend(bxpstats)
        return drawn

    bxp.__wrapped__ = draw
    bxp.__doc__ = draw.__doc__
    axes.Axes.bxp = bxp
