# SPDX-License-Identifier: Apache-2.0
"""Values that runs show: as bundles in several MIME types, over every interface, in their order; figures, charts, and what is too
large, broken or hostile."""

import base64
import hashlib
import json
import os
import pathlib
import pty
import struct
import subprocess

import pytest

from grpc_client import Client
from png_pixels import read_png
from test_http import Http, events_of


@pytest.fixture
def client(served):
    return Http(served.http)


def size_of(png):
    data = base64.b64decode(png)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", data[16:24])


def results_of(client, code, **more):
    told = client.post("/v1/run", code=code, **more)
    assert told["outcome"] == "completed", told
    return told["results"]


class_with = "class C:\n    def __repr__(self): return 'plain'\n"


# ------------------------------------------------------------------------------------------------------------- bundles


def test_the_last_value_is_a_result(client):
    told = client.post("/v1/run", code="print(1)\n40 + 2")
    assert told["result"] == "42"
    assert told["results"] == [{"data": {"text/plain": "42"}, "metadata": {}, "is_result": True}]
    assert client.post("/v1/run", code="x = 1")["results"] == []
    assert client.post("/v1/run", code="None")["results"] == []


METHODS = [
    ("_repr_html_", "'<b>x</b>'", "text/html", "<b>x</b>"),
    ("_repr_markdown_", "'# x'", "text/markdown", "# x"),
    ("_repr_svg_", "'<svg/>'", "image/svg+xml", "<svg/>"),
    ("_repr_latex_", "'$x$'", "text/latex", "$x$"),
    ("_repr_javascript_", "'x()'", "application/javascript", "x()"),
    ("_repr_json_", "{'a': [1, None, 2.5]}", "application/json", {"a": [1, None, 2.5]}),
    ("_repr_png_", "b'\\x89PNG'", "image/png", base64.b64encode(b"\x89PNG").decode()),
    ("_repr_jpeg_", "'/9j/'", "image/jpeg", "/9j/"),
    ("_repr_pdf_", "b'%PDF'", "application/pdf", base64.b64encode(b"%PDF").decode()),
]


@pytest.mark.parametrize("method, value, kind, data", METHODS, ids=[method for method, *_ in METHODS])
def test_each_method_of_the_protocol(client, method, value, kind, data):
    program = f"{class_with}    def {method}(self): return {value}\n"
    assert results_of(client, program + "C()") == [
        {"data": {"text/plain": "plain", kind: data}, "metadata": {}, "is_result": True}]
    assert results_of(client, program + "display(C()); None")[0]["is_result"] is False
    # With metadata of its own.
    program = program.replace(f"return {value}", f"return {value}, {{'k': 1}}")
    assert results_of(client, program + "C()")[0]["metadata"] == {kind: {"k": 1}}


def test_bundles_of_a_class_of_its_own(client):
    program = class_with + (
        "    def _repr_mimebundle_(self, include=None, exclude=None):\n"
        "        return {'text/html': '<i>', 'application/vnd.x.v1+json': {'a': 1}}, {'text/html': {'m': 1}}\n"
        "    def _repr_markdown_(self): return 'also'\n"
        "    def _repr_html_(self): return 'not asked'\n")
    shown, = results_of(client, program + "C()")
    assert shown == {"data": {"text/plain": "plain", "text/html": "<i>", "application/vnd.x.v1+json": {"a": 1}, "text/markdown": "also"},
                     "metadata": {"text/html": {"m": 1}}, "is_result": True}
    program = class_with + "    def _ipython_display_(self): display('from inside')\n"
    assert [each["data"] for each in results_of(client, program + "display(C()); None")] == [{"text/plain": "'from inside'"}]
    assert results_of(client, program + "C()")[0]["data"] == {"text/plain": "'from inside'"}


def test_what_libraries_show(client):
    frame, = results_of(client, "import pandas as pd\npd.DataFrame({'a': [1, 2]})")
    assert "<table" in frame["data"]["text/html"] and frame["data"]["text/plain"].startswith("   a")
    power, = results_of(client, "import sympy\nsympy.Symbol('x')**2")
    assert power["data"]["text/latex"] == "$\\displaystyle x^{2}$" and power["data"]["text/plain"] == "x**2"
    image, = results_of(client, "from PIL import Image\nImage.new('RGB', (3, 2))")
    assert size_of(image["data"]["image/png"]) == (3, 2)
    assert results_of(client, "import numpy as np\nnp.arange(3)")[0]["data"] == {"text/plain": "array([0, 1, 2])"}


def test_ipython_shows_values(client):
    program = ("from IPython.display import display, HTML, Markdown, Image, JSON, Latex, Math, SVG, Pretty\nimport IPython\n"
               "display(HTML('<p>'), Markdown('*'), JSON({'a': 1}), Latex('$'), Math('x'), SVG('<svg/>'))\n"
               "display(Image(data=b'\\x89PNG12', width=5))\nIPython.display.display({'text/html': 'raw'}, raw=True)\n"
               "print(IPython.get_ipython(), 'ipykernel' in __import__('sys').modules)")
    told = client.post("/v1/run", code=program)
    assert told["stdout"] == "None False\n", told
    kinds = [[kind for kind in each["data"] if kind != "text/plain"] for each in told["results"]]
    assert kinds == [["text/html"], ["text/markdown"], ["application/json"], ["text/latex"], ["text/latex"], ["image/svg+xml"],
                     ["image/png"], ["text/html"]]
    assert told["results"][6]["metadata"] == {"image/png": {"width": 5}}
    assert "is a notebook's" in client.post("/v1/run", code="import IPython.core.magic")["exception"]["hint"]


# ------------------------------------------------------------------------------------------------------------- figures


PLOT = "import matplotlib.pyplot as plt\n"


def test_every_open_figure_is_returned_once_and_closed(client):
    program = PLOT + "a, ax = plt.subplots(); ax.plot([1, 2])\nb = plt.figure(); b.gca().bar(['x'], [3]); x = 1\n"
    for last in ("", "plt.show()", "a", "display(b); None", "plt.show(); plt.show()", "a.show(); None"):
        shown = results_of(client, program + last)
        assert [len(each["data"]) for each in shown] == [2, 2], last
        assert all(size_of(each["data"]["image/png"]) > (300, 300) for each in shown)
    assert [each["is_result"] for each in results_of(client, program + "a")] == [True, False]
    # Drawn into a file, it is open all the same; closed, it is not.
    assert len(results_of(client, program + "a.savefig('a.png'); plt.close(b)")) == 1
    assert results_of(client, program + "plt.close('all')") == []


def test_the_result_comes_before_the_figures_at_the_end(client):
    shown = results_of(client, PLOT + "plt.plot([1, 2])")
    assert [list(each["data"]) for each in shown] == [["text/plain"], ["text/plain", "image/png"]]
    assert [each["is_result"] for each in shown] == [True, False] and "Line2D" in shown[0]["data"]["text/plain"]


def test_a_figure_shown_in_a_session_is_not_in_the_next_run(client):
    first = client.post("/v1/run", code=PLOT + "plt.plot([1, 2]); fig = plt.gcf()", session="s")
    assert len(first["results"]) == 1
    second = client.post("/v1/run", code="print(plt.get_fignums(), len(fig.axes[0].lines))", session="s")
    assert second["stdout"] == "[] 1\n" and second["results"] == []
    assert len(client.post("/v1/run", code="fig", session="s")["results"]) == 1


def test_figures_of_a_run_that_fails_are_there(client):
    told = client.post("/v1/run", code=PLOT + "plt.plot([1, 2]); 1 / 0")
    assert told["outcome"] == "failed" and len(told["results"]) == 1


CHARTS = [
    ("line", "ax.plot([1, 2], [3, 4], label='up')", lambda c: c["elements"] == [{"label": "up", "points": [[1, 3], [2, 4]]}]),
    ("line", "ax.plot(pd.to_datetime(['2026-01-01', '2026-01-02']), [1, 2])",
     lambda c: c["x_scale"] == "datetime" and c["elements"][0]["points"][0] == ["2026-01-01T00:00:00", 1]),
    ("line", "ax.plot(['a', 'b'], [1, float('nan')])",
     lambda c: c["x_scale"] == "categorical" and c["elements"][0]["points"] == [["a", 1], ["b", None]]),
    ("scatter", "ax.scatter([1, 2], [3, 4], label='p')", lambda c: c["elements"] == [{"label": "p", "points": [[1, 3], [2, 4]]}]),
    ("bar", "ax.bar(['a', 'b'], [3, 4], label='g')",
     lambda c: c["elements"] == [{"label": "a", "group": "g", "value": 3}, {"label": "b", "group": "g", "value": 4}]),
    ("bar", "ax.barh(['a', 'b'], [3, 4])", lambda c: [(e["label"], e["value"]) for e in c["elements"]] == [("a", 3), ("b", 4)]),
    ("bar", "pd.DataFrame({'v': [1, 2], 'w': [3, 4]}, index=['k', 'l']).plot.bar(ax=ax)",
     lambda c: [(e["group"], e["label"], e["value"]) for e in c["elements"]] == [("v", "k", 1), ("v", "l", 2), ("w", "k", 3), ("w", "l", 4)]),
    ("pie", "ax.pie([1, 3], labels=['a', 'b'])",
     lambda c: [(e["label"], round(e["angle"]), e["radius"]) for e in c["elements"]] == [("a", 90, 1), ("b", 270, 1)]),
    ("box_and_whisker", "ax.boxplot([[1, 2, 3, 4, 100]], tick_labels=['a'])",
     lambda c: c["elements"] == [{"label": "a", "min": 1, "first_quartile": 2, "median": 3, "third_quartile": 4, "max": 4,
                                  "outliers": [100]}]),
    ("unknown", "ax.imshow([[1, 2]])", lambda c: c["elements"] == []),
]


@pytest.mark.parametrize("kind, draw, holds", CHARTS, ids=[f"{kind}{i}" for i, (kind, *_) in enumerate(CHARTS)])
def test_a_chart_is_described(client, kind, draw, holds):
    program = PLOT + f"import pandas as pd\nfig, ax = plt.subplots()\nax.set_title('T'); ax.set_xlabel('time (s)')\n{draw}\nplt.show()"
    chart = results_of(client, program)[0]["chart"]
    assert chart["type"] == kind and holds(chart), chart
    if kind != "pie":
        assert chart["title"] == "T"
    if "x_unit" in chart and "DataFrame" not in draw:
        assert chart["x_label"] == "time (s)" and chart["x_unit"] == "s"


def test_several_axes_are_a_superchart(client):
    chart = results_of(client, PLOT + "f, (a, b) = plt.subplots(1, 2); a.plot([1]); b.bar([1], [2]); f.suptitle('S'); plt.show()")[0]["chart"]
    assert chart["type"] == "superchart" and chart["title"] == "S"
    assert [each["type"] for each in chart["elements"]] == ["line", "bar"]


# ------------------------------------------------------------------------------------------------------------- order, interfaces


MIXED = ("import sys\nprint('one', end='')\ndisplay(1)\nprint('two', file=sys.stderr)\n" + class_with +
         "    def _repr_html_(self): return '<b>'\ndisplay(C())\nprint('three')\nC()")


def test_streams_and_values_come_in_their_order(client):
    status, _, _ = client("GET", "/health")
    client.connection.request("POST", "/v1/run", json.dumps({"code": MIXED}), {"Accept": "text/event-stream"})
    events = events_of(client.connection.getresponse().read().decode())
    assert [name for name, _ in events] == ["started", "stdout", "display", "stderr", "display", "stdout", "display", "outcome"]
    assert [data["is_result"] for name, data in events if name == "display"] == [False, False, True]
    assert "results" not in events[-1][1] and events[-1][1]["result"] == "plain"


def test_values_over_grpc(served):
    with Client(served.grpc, service="skerry.v1.Skerry") as grpc:
        events = list(grpc.Run(code=MIXED + "\ndisplay({'image/png': b'\\x89P', 'application/json': [1]}, raw=True)"))
    displays = [event.display for event in events if event.WhichOneof("event") == "display"]
    assert [each.is_result for each in displays] == [False, False, False]
    assert {part.type: part.WhichOneof("content") for part in displays[2].parts} == {"image/png": "binary", "application/json": "json"}
    assert displays[2].parts[0].binary == b"\x89P"


def test_the_command_line_has_them_in_json(run_json):
    told = run_json(MIXED)
    assert [each["data"].get("text/html") for each in told["results"]] == [None, "<b>", "<b>"]
    assert run_json("7")["results"] == [{"data": {"text/plain": "7"}, "metadata": {}, "is_result": True}]


@pytest.fixture
def images(tmp_path, skerry):
    """images(CODE, OPTIONS...) -> what the run told, and the paths of the images that it showed."""
    def run(code, *args):
        done = skerry("run", "-c", code, *args, env={"TMPDIR": str(tmp_path)}).ok()
        lines = done.err.splitlines()
        assert all(line.startswith("skerry: image: ") for line in lines), lines
        return done, [pathlib.Path(line.removeprefix("skerry: image: ")) for line in lines]

    return run


def test_images_are_in_files_where_no_terminal_shows_them(images, tmp_path):
    done, (first, second) = images(PLOT + "plt.plot([1, 2]); plt.show()\nprint('between')\nfrom PIL import Image\ndisplay(Image.new('RGB', (3, 2)), 7)")
    assert done.out == "between\n7\n" and first.parent == second.parent and first.parent.parent == tmp_path
    assert [first.name, second.name] == ["image-1.png", "image-2.png"]
    assert first.read_bytes().startswith(b"\x89PNG") and size_of(base64.b64encode(second.read_bytes())) == (3, 2)
    # Who draws into files of his own, and shows nothing, gets no more.
    assert images(PLOT + "plt.plot([1, 2]); plt.savefig('a.png')")[1] == []
    assert len(images(PLOT + "plt.figure()", "--echo")[1]) == 1
    (tmp_path / "out").mkdir()
    _, (path,) = images(PLOT + "plt.plot([1]); plt.show()", "--output-dir", str(tmp_path / "out"))
    assert path == tmp_path / "out" / "image-1.png" and path.exists()


def test_a_terminal_shows_images(binary, home, environment, tmp_path):
    code = PLOT + "plt.plot([1, 2]); plt.show()\nprint('behind')"
    for variables, mark in (({"TERM": "xterm-kitty"}, b"\x1b_Ga=T,f=100,m=1;iVBOR"), ({"TERM_PROGRAM": "iTerm.app"}, b"\x1b]1337;File=inline=1;size=")):
        master, slave = pty.openpty()
        process = subprocess.Popen([binary, "run", "-c", code], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
                                   env={**environment, "SKERRY_HOME": str(home), "TMPDIR": str(tmp_path), **variables})
        os.close(slave)
        received = bytearray()
        while True:
            try:
                piece = os.read(master, 1 << 16)
            except OSError:
                break
            if not piece:
                break
            received += piece
        os.close(master)
        assert process.wait(30) == 0 and mark in received and received.endswith(b"behind\r\n"), bytes(received[:200])
    assert list(tmp_path.iterdir()) == []


def test_without_a_taker_display_prints(run_code):
    done = run_code("display(1, 'a')\nimport pandas\ndisplay(pandas.Series([1]))")
    assert done.out == "1\n'a'\n0    1\ndtype: int64\n"


def test_shannons_tool_gives_images(client):
    answer = client.post("/tools/execute", tool_name="python_executor", parameters={"code": PLOT + "plt.plot([1, 2]); plt.show()"})
    image = answer["metadata"]["results"][0]["data"]["image/png"]
    assert size_of(image) > (300, 300)
    big = "import os\nfor _ in range(2): display({'text/plain': 'p', 'image/png': os.urandom(1_500_000)}, raw=True)"
    first, second = client.post("/tools/execute", tool_name="python_executor", parameters={"code": big})["metadata"]["results"]
    assert len(first["data"]["image/png"]) == 2_000_000
    assert list(second["data"]) == ["text/plain"] and second["data"]["text/plain"].startswith("p\n[")


# ------------------------------------------------------------------------------------------------------------- caps, hostile values


def test_what_is_too_large_is_in_a_file(client):
    code = class_with + "    def _repr_html_(self): return 'h' * 5_000_000\nC()"
    told = client.post("/v1/run", code=code, session="large")
    shown, = told["results"]
    assert shown["metadata"] == {"files": {"text/html": "display-1.html"}}
    assert shown["data"] == {"text/plain": "plain\n[5,000,000 bytes of text/html are more than is shown: in display-1.html]"}
    assert client.post("/v1/run", code="len(open('display-1.html').read())", session="large")["result"] == "5000000"


def test_a_run_shows_no_more_than_it_may(client):
    told = client.post("/v1/run", code="for i in range(300): display(i)")
    assert len(told["results"]) == 256 and told["stderr"].count("this one is not shown") == 44
    told = client.post("/v1/run", code="for i in range(10): display({'image/png': b'x' * 3_000_000}, raw=True)")
    assert len(told["results"]) == 5 and told["outcome"] == "completed"


BROKEN = {
    "raises": ("    def _repr_html_(self): raise ValueError('no')\n", "_repr_html_ of C raised ValueError: no"),
    "recurses": ("    def _repr_html_(self): return self._repr_html_()\n", "RecursionError"),
    "is no text": ("    def _repr_html_(self): return 5\n", "TypeError: expected text or bytes, not int"),
    "is no base64": ("    def _repr_png_(self): return 'no base64!'\n", "image/png of a value raised"),
    "is no JSON": ("    def _repr_json_(self): return {1, 2}\n", "TypeError"),
    "cycles": ("    def _repr_json_(self):\n        a = []; a.append(a); return a\n", "Circular"),
    "is no type": ("    def _repr_mimebundle_(self, **k): return {'not a type': 'x', 5: 'y'}\n", "is no MIME type"),
    "bundle raises": ("    def _repr_mimebundle_(self, **k): raise OSError('b')\n", "_repr_mimebundle_ of C raised OSError: b"),
    "is not UTF-8": ("    def _repr_html_(self): return b'\\xff'\n", "UnicodeDecodeError"),
}


@pytest.mark.parametrize("method, told", BROKEN.values(), ids=BROKEN)
def test_a_value_that_cannot_be_shown_is_told(client, method, told):
    answer = client.post("/v1/run", code=class_with + method + "C()")
    assert answer["outcome"] == "completed" and told in answer["stderr"], answer
    assert answer["results"] == [{"data": {"text/plain": "plain"}, "metadata": {}, "is_result": True}]
    assert answer["result"] == "plain"


def test_odd_values_are_shown_as_well_as_they_can_be(client):
    assert results_of(client, class_with + "    def _repr_json_(self): return {'x': float('nan')}\nC()")[0]["data"]["application/json"] == {"x": None}
    assert results_of(client, class_with + "    def _repr_html_(self): return '\\ud800'\nC()")[0]["data"]["text/html"] == "\\ud800"
    # What claims to have every attribute has none of these; a class is not its instance.
    assert list(results_of(client, "from unittest.mock import MagicMock\nMagicMock()")[0]["data"]) == ["text/plain"]
    assert list(results_of(client, class_with + "    def _repr_html_(self): return 1\nC")[0]["data"]) == ["text/plain"]
    assert "repr raised" in results_of(client, "class D:\n    def __repr__(self): 1 / 0\nD()")[0]["data"]["text/plain"]
    assert results_of(client, "class D:\n    def __getattr__(self, n): raise OSError(n)\n    def __repr__(self): return 'd'\nD()")[0]["data"] == {
        "text/plain": "d"}


def test_a_figure_of_too_many_pixels_is_not_drawn(client):
    told = client.post("/v1/run", code=PLOT + "plt.figure(figsize=(200, 200)).gca().plot([1]); plt.show()")
    assert "20000 x 20000 pixels is not shown" in told["stderr"] and list(told["results"][0]["data"]) == ["text/plain"]
    assert told["outcome"] == "completed"


def test_a_value_that_never_ends_ends_at_the_deadline(client):
    told = client.post("/v1/run", code="display(1)\n" + class_with + "    def _repr_html_(self):\n        while True: pass\nC()", timeout=0.5)
    assert told["outcome"] == "deadline" and len(told["results"]) == 1


def test_a_program_cannot_send_values_that_break_the_rules(client):
    program = (
        "import _host\n"
        "for frame in (b'B', b'B{}\\n', b'B{\"parts\": [[\"text/plain\", \"text\", 99]]}\\nx', b'B{\"parts\": [[\"x\", \"text\", 1]]}\\nx',\n"
        "              b'B{\"parts\": [[\"text/plain\", \"text\", 1]]}\\n\\xff', b'B' + b'[' * 100_000 + b'\\n'):\n"
        "    try: _host.call(frame); print('taken')\n"
        "    except Exception as error: print('refused')\n"
        "told = _host.call(b'B{\"parts\": [[\"text/plain\", \"text\", 1]]}\\nx')")
    told = client.post("/v1/run", code=program)
    assert told["stdout"] == "refused\n" * 6 and [each["data"] for each in told["results"]] == [{"text/plain": "x"}]


# ------------------------------------------------------------------------------------------------------------- exceptions


def test_an_exception_has_its_causes_and_notes(client):
    code = (
        "def f():\n    try:\n        {}['k']\n    except KeyError as error:\n        raise ValueError('bad') from error\n"
        "try:\n    f()\nexcept ValueError as error:\n    error.add_note('a note')\n    try:\n        1 / 0\n"
        "    except ZeroDivisionError:\n        raise RuntimeError('last')\n")
    exception = client.post("/v1/run", code=code)["exception"]
    assert (exception["type"], exception["message"], exception["notes"]) == ("RuntimeError", "last", [])
    assert [(each["relation"], each["type"], each["message"], each["notes"]) for each in exception["causes"]] == [
        ("context", "ZeroDivisionError", "division by zero", []), ("context", "ValueError", "bad", ["a note"]),
        ("cause", "KeyError", "'k'", [])]
    assert [frame["source"] for frame in exception["causes"][1]["frames"]] == ["f()", "raise ValueError('bad') from error"]
    assert client.post("/v1/run", code="try:\n    1/0\nexcept ZeroDivisionError:\n    raise OSError('x') from None")["exception"]["causes"] == []


def test_an_endless_chain_of_causes_is_cut(client):
    code = ("error = None\nfor i in range(100):\n    e = ValueError(i)\n    e.__cause__ = error\n    [e.add_note('n') for _ in range(100)]\n"
            "    error = e\nraise error")
    exception = client.post("/v1/run", code=code)["exception"]
    assert len(exception["causes"]) == 16 and len(exception["notes"]) == 32
    code = "a = ValueError('a'); b = ValueError('b'); a.__cause__ = b; b.__cause__ = a\nraise a"
    assert [each["message"] for each in client.post("/v1/run", code=code)["exception"]["causes"]] == ["b"]


FIGURES = {
    "labels": "axes.set_ylabel('a label that is longer than the figure is high, by far'); axes.set_xlabel('x')",
    "legend outside": "axes.legend(['outside'], loc='upper left', bbox_to_anchor=(1.05, 1))",
    "coloured": "figure.set_facecolor('yellow'); figure.suptitle('above')",
    "offsets": "axes.plot([1e8, 2e8], [1e-9, 1e-8])",
    "text far out": "figure.text(-0.3, 0.5, 'far out')",
    "twins": "axes.secondary_xaxis('top'); axes.twinx().plot([1, 2], [300, 400]); axes.annotate('hi', (2, 4), (2.5, 1), arrowprops={'arrowstyle': '->'})",
    "constrained": "figure.set_layout_engine('constrained')",
    "tight": "figure.tight_layout()",
    "polar": "axes.remove(); figure.add_subplot(projection='polar').plot([0, 1, 2], [1, 2, 3])",
    "3d": "axes.remove(); figure.add_subplot(projection='3d').plot([1, 2], [1, 2], [1, 2])",
    "image": "figure.colorbar(axes.imshow([[1, 2], [3, 4]]))",
    "dpi": "plt.rcParams['savefig.dpi'] = 50",
    "pad": "plt.rcParams['savefig.pad_inches'] = 1",
    "sizes": "axes.set_title('0.5', fontsize=20, fontweight='bold'); axes.set_xlabel('0.5', fontstyle='italic'); figure.text(0.5, 0.5, '0.5\\n1.0')",
    "mathematics": "axes.set_title(r'$\\sqrt{x^2}$ and 0.5'); axes.semilogy()",
    "Japanese": "axes.set_title('\u6f22\u5b57 0.5')",
    "turned": "axes.tick_params(axis='x', labelrotation=30); axes.text(2, 4, '0.5', rotation=77.5)",
    "rough": "plt.rcParams['text.antialiased'] = False; axes.set_title('0.5')",
    "unhinted": "plt.rcParams['text.hinting'] = 'none'; axes.set_title('0.5')",
    "bars": "axes.clear(); axes.bar(['a', 'b'], [3, 5], label='g'); axes.legend(); axes.invert_yaxis()",
    "minor ticks": "axes.minorticks_on(); axes.grid(which='both'); axes.spines['left'].set_position('zero')",
    "shared axes": "axes.remove(); a, b = figure.subplots(1, 2, sharey=True); a.plot([1, 5]); b.hist([1, 2, 2, 3]); figure.suptitle('s')",
    "photograph": "figure.set_size_inches(1, 1); figure.figimage(numpy.random.RandomState(1).rand(100, 100))",
}

# matplotlib's own code again, and fonts that it has just opened.
UNFITTED = """
import matplotlib.text
from matplotlib import axis, font_manager
from matplotlib.backends.backend_agg import RendererAgg
for owner, names in ((RendererAgg, ("_prepare_font", "get_text_width_height_descent", "_draw_text_glyphs_and_boxes")),
                     (matplotlib.text, ("get_font",)), (axis.Axis, ("_update_ticks",))):
    for name in names:
        setattr(owner, name, getattr(owner, name).__wrapped__)
font_manager._get_font.cache_clear()
"""


def test_a_figure_is_what_savefig_makes_of_it(run_json):
    def each(does):
        return "".join(
            f"plt.rcdefaults()\nfigure, axes = plt.subplots(figsize=(4, 3)); axes.plot([1, 2, 3], [1, 4, 9])\n{change}\n{does}\n"
            for change in FIGURES.values())
    save = ("figure.savefig(f := io.BytesIO(), format='png', bbox_inches='tight'); plt.close()\n"
            "image = Image.open(f); print(image.mode, *image.size, round(image.info['dpi'][0] / 0.0254), image.info['Software'], "
            "hashlib.sha256(image.tobytes()).hexdigest(), sep='|')")
    code = "import hashlib, io, numpy\nfrom PIL import Image\nimport matplotlib.pyplot as plt\n"
    told = run_json(code + each("plt.show()") + UNFITTED + each(save), "--timeout", "60")
    assert told["outcome"] == "completed", told["stderr"]
    for name, shown, saved in zip(FIGURES, told["results"], told["stdout"].splitlines(), strict=True):
        png = read_png(base64.b64decode(shown["data"]["image/png"]))
        software = png.chunks[b"tEXt"].decode().removeprefix("Software\0")
        density, _ = png.pixels_per_metre
        assert [png.mode, str(png.width), str(png.height), str(density), software, hashlib.sha256(png.pixels).hexdigest()] == saved.split("|"), name


def test_a_character_that_no_font_has_is_told_of_each_time(run_json):
    draw = ("with warnings.catch_warnings(record=True) as told:\n    warnings.simplefilter('always')\n"
            "    for _ in range(2):\n        figure = plt.figure(); figure.text(0.5, 0.5, '0.5 \\U000F1234'); "
            "figure.savefig(io.BytesIO(), format='png', bbox_inches='tight'); plt.close()\n"
            "print(sum('missing from font' in str(each.message) for each in told))\n")
    ours, theirs = run_json("import io, warnings\nimport matplotlib.pyplot as plt\n" + draw + UNFITTED + draw)["stdout"].split()
    assert ours == theirs and int(ours) >= 2


def test_what_a_template_has_drawn_is_not_there(run_json):
    """It has drawn figures of many kinds, and has a font open without a descriptor."""
    told = run_json("""
import gc, io, warnings
import matplotlib as mpl, matplotlib.pyplot as plt, matplotlib.units
from matplotlib import font_manager, ft2font
gc.unfreeze()  # what the template has
print(plt.get_fignums(), plt.figure().number, [key for key in mpl.rcParams if key != "backend" and mpl.rcParams[key] != mpl.rcParamsDefault[key]])
print([each.name for each in gc.get_objects() if isinstance(each, io.FileIO) and "mpl-data" in str(each.name)])
print({kind.__module__ for kind in mpl.units.registry if kind.__module__.startswith("pandas")}, warnings.onceregistry)
path = font_manager.findfont("DejaVu Sans")
kept, new = font_manager.get_font(path), ft2font.FT2Font(str(path))
for font in kept, new:
    print(font.fname.rpartition("/")[2], font.get_width_height(), font.ascender, font.num_charmaps)
""")
    state, files, others, kept, new = told["stdout"].splitlines()
    assert (state, files, others) == ("[] 1 []", "[]", "set() {}"), told["stderr"]
    assert kept == new and kept.startswith("DejaVuSans.ttf (0, 0)")
