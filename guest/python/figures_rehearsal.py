# SPDX-License-Identifier: Apache-2.0
"""Draws the kinds of figures that programs draw, as a template is made: what the interpreter and matplotlib learn by it, no run has to
learn. It leaves nothing that a program sees."""

import datetime
import sys

import matplotlib.pyplot as plt
import numpy as np

_display, _charts = sys.modules["_skerry_display"], sys.modules["_skerry_charts"]
_values = np.linspace(0.0, 6.0, 40)
_noise = np.random.RandomState(1).rand(2, 30)


def _lines(axes):
    axes.plot(_values, np.sin(_values), label="sin")
    axes.plot(_values, np.cos(_values), "r--o", label="cos", linewidth=2)
    axes.set(title="Title", xlabel="time (s)", ylabel="value")
    axes.legend()
    axes.grid(True)


def _short_line(axes):
    axes.plot([1, 2, 3], [1, 4, 9], marker="o")


def _bars(axes):
    axes.bar(["a", "b", "c"], [3, 5, 2], color="tab:green")
    axes.set_title("Title")


def _flat_bars(axes):
    axes.barh(["a", "b"], [3, 5], label="x")
    axes.legend()


def _points(axes):
    axes.scatter(*_noise, c=_noise[0], s=20, cmap="viridis", alpha=0.5)
    axes.set_xlabel("x")


def _histogram(axes):
    axes.hist(_noise[0], bins=10, edgecolor="black")
    axes.axvline(0.5, color="red", linestyle="--")


def _pie(axes):
    axes.pie([1, 2, 3], labels=["a", "b", "c"], autopct="%1.0f%%")


def _boxes(axes):
    axes.boxplot([_noise[0], _noise[1]], tick_labels=["a", "b"])


def _image(axes):
    axes.figure.colorbar(axes.imshow(np.outer(_values, _values)))


def _areas(axes):
    axes.fill_between(_values, np.sin(_values), alpha=0.3)
    axes.errorbar([1, 2, 3], [1, 2, 3], yerr=0.5, fmt="o")
    axes.annotate("peak", (1.5, 1), (3, 0.5), arrowprops={"arrowstyle": "->"})
    axes.text(1, 0, "text")


def _powers(axes):
    axes.semilogy([1, 10, 1000])


def _dates(axes):
    axes.plot([datetime.date(2026, 1, day) for day in range(1, 20)], range(19))
    axes.figure.autofmt_xdate()


_KINDS = (
    _lines, _short_line, _bars, _flat_bars, _points, _histogram, _pie, _boxes, _image, _areas, _powers, _dates,
)  # fmt: skip


def _show(figure):
    """As plt.show() does."""
    _display._parts_of(*_display._bundle_of(figure))
    _charts.chart_of(figure)
    plt.close(figure)


def _draw():
    for kind in _KINDS:
        kind(plt.figure().gca())
        _show(plt.gcf())
    figure, grid = plt.subplots(2, 2, figsize=(8, 6))
    for axes, kind in zip(grid.flat, (_short_line, _bars, _points, _histogram)):
        kind(axes)
    figure.suptitle("Title")
    figure.tight_layout()
    _show(figure)


_draw()
