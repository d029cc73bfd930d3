# SPDX-License-Identifier: Apache-2.0
"""What is told beside an uncaught exception whose cause is this place and not the program: what is not here, and what to do instead.
Exceptions keep their types and messages. One table, at the end, by the type of the exception; each row has a test of the exception and
a text. Words in braces are what the caller hands things in by: the host knows in which words."""

import builtins
import errno
import linecache
import opcode
import os
import re
import sys
import traceback
import types

import _host
from _skerry_streams import input_has_ended

_LIBRARY = traceback.__file__.rpartition("/")[0] + "/"
_RAISE = opcode.opmap["RAISE_VARARGS"]
_MAX_CHAIN = 8

_LIST = "import importlib.metadata as m; print(sorted(d.name for d in m.distributions())) lists what is here"
_NO_NETWORK = "there is no network here; hand data in: {files}"
_NO_PROCESSES = "there are no other programs or processes here, nor a shell; use Python: pathlib, shutil, glob, re"
_NO_PIP = f"nothing can be installed here; {_LIST}"
_NOTEBOOK = "this is a notebook's, and this is none; use print(), or end with the value as the last line"
_IDLE_PIPE = "nothing is in the pipe, or it is full, and no other thread of this program would ever change that"
_NO_SCREEN = "there is no screen here; draw with matplotlib and save: plt.savefig('figure.png')"
_BITS = "sizes and C integers have 32 bits here: at most 2**31 - 1; for numbers use Python's int or numpy's int64"

# What replaces packages that are not here, by what they are for.
_REPLACEMENTS = {
    "there is no network here; hand data in: {files}": (
        "requests httpx aiohttp urllib3 httplib2 websocket websockets pycurl paramiko scrapy selenium playwright boto3 botocore "
        "openai anthropic yfinance tweepy grpc google pymongo redis psycopg2 psycopg pymysql mysql kafka pika feedparser praw "
        "pandas_datareader kaggle wikipedia telegram slack_sdk huggingface_hub datasets"
    ),
    "use scikit-learn or numpy": (
        "torch torchvision tensorflow keras jax flax xgboost lightgbm catboost mxnet theano pytorch_lightning onnx onnxruntime "
        "transformers fastai optuna imblearn"
    ),
    "use pandas": "polars dask modin vaex datatable pyspark cudf swifter ibis",
    "use to_csv, to_pickle or sqlite3 instead; have parquet and feather files turned into CSV before": "pyarrow fastparquet",
    "use to_csv, to_pickle or numpy.save instead": "tables h5py netCDF4 zarr xarray",
    "use sqlite3": "sqlalchemy duckdb peewee sqlmodel pyodbc",
    "use matplotlib or seaborn": "plotly bokeh altair pygal holoviews plotnine pyecharts folium dash streamlit gradio wordcloud graphviz",
    "use PIL and scipy.ndimage": "cv2 skimage imageio imutils",
    "use dataclasses": "pydantic marshmallow",
    "use re, difflib and sklearn.feature_extraction.text": "nltk spacy gensim textblob fuzzywuzzy rapidfuzz Levenshtein jieba",
    "use zoneinfo and datetime": "pytz arrow pendulum",
    "use json": "simplejson ujson orjson demjson",
    "use pypdf": "PyPDF2 fitz pdfplumber pdfminer tabula camelot",
    "use reportlab": "fpdf weasyprint pdfkit",
    "use zipfile and lxml: these files are archives of XML": "docx pptx docx2txt odf",
    "use tabulate": "prettytable rich texttable",
    "use random": "faker mimesis",
    "use numpy": "numba cupy numexpr bottleneck",
    _NOTEBOOK: "ipywidgets ipykernel",
    _NO_PIP: "pip micropip conda ensurepip pkg_resources setuptools piplite pyodide",
    "Python no longer has it; use importlib": "imp",
    "Python no longer has it, and there are no compilers here": "distutils",
    "Python no longer has it": "asynchat asyncore cgi cgitb crypt telnetlib nntplib imghdr sndhdr pipes uu xdrlib audioop chunk aifc sunau msilib nis spwd",
    _NO_SCREEN: "tkinter turtle PyQt5 PyQt6 PySide6 wx pygame pyglet",
    "there is no terminal here": "curses readline termios tty pty msvcrt getch",
    "the machine cannot be looked at from here": "psutil resource winreg win32api win32com pyautogui keyboard",
}
_REPLACEMENT_OF = {name: text for text, names in _REPLACEMENTS.items() for name in names.split()}

_SOCKET_NAMES = frozenset(
    "getservbyname getservbyport getprotobyname socketpair "
    "if_nameindex create_connection create_server fromfd AF_UNIX".split()
)
_PROCESS_NAMES = re.compile(r"system|popen|fork(pty)?|(posix_)?spawn\w*|exec[lv]\w*|kill(pg)?|wait(pid|3|4|id|status_to_exitcode)?|startfile")
_NETWORK_FILES = tuple(_LIBRARY + name for name in ("socket.py", "ssl.py", "socketserver.py", "asyncio/"))
_NETWORK_CALLS = frozenset(("connect", "bind", "listen", "sendto"))
_READS = re.compile(r"\b(open|read_\w+|load\w*|imread|genfromtxt|File|listdir|scandir|glob)\s*\(")
_WRITES = re.compile(r"""['"][wax]b?\+?['"]|\b(os|shutil)\.(remove|unlink|rmdir|rename|replace|makedirs|mkdir)""")


def _codes(trace):
    """Of the traceback's frames, the outermost first."""
    codes = []
    while trace is not None:
        codes.append(trace.tb_frame.f_code)
        trace = trace.tb_next
    return codes


def _last(trace):
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace


def _is_ours(code):
    return code.co_filename.startswith(("/usr/local/lib/", "<frozen ", "<skerry>"))


def _is_raised_by_program(trace):
    """Whether a `raise` of the program's own made it: then it means what the program says."""
    last = _last(trace)
    return last is not None and not _is_ours(last.tb_frame.f_code) and last.tb_frame.f_code.co_code[last.tb_lasti] == _RAISE


def _passes(trace, files):
    return any(code.co_filename.startswith(files) for code in _codes(trace))


def _module_of(error):
    return getattr(error.obj, "__name__", None) if isinstance(error.obj, types.ModuleType) else None


# Tests: each takes the exception and its traceback; what is true makes the hint, and a text is put into it.


def _misses_network_name(error, trace):
    module = _module_of(error)
    if module in ("socket", "_socket"):
        return error.name in _SOCKET_NAMES
    return module == "http.client" and error.name == "HTTPSConnection"


def _misses_process_name(error, trace):
    return _module_of(error) == "os" and _PROCESS_NAMES.fullmatch(error.name)


def _is_refused_socket(error, trace):
    if type(error).__name__ == "URLError":
        if isinstance(error.reason, OSError):
            return _is_refused_socket(error.reason, error.reason.__traceback__)
        return error.reason in ("unknown url type: https", "unknown url type: ftp")
    if type(error).__name__ == "gaierror" or error.errno == errno.ENOTSUP and _passes(trace, _NETWORK_FILES):
        return True
    last = _last(trace)
    return last is not None and last.tb_frame.f_code.co_filename == "<skerry>" and last.tb_frame.f_code.co_name in _NETWORK_CALLS


def _is_refused_process(error, trace):
    if error.errno != errno.ENOTSUP or "does not support processes" not in str(error):
        return None
    command = str(_last(trace).tb_frame.f_locals.get("args"))
    return _NO_PIP if re.search(r"\b(pip|conda)\b", command) else _NO_PROCESSES


def _is_idle_pipe(error, trace):
    return error.args == (errno.EDEADLK, os.strerror(errno.EDEADLK))


def _is_refused_thread(error, trace):
    return error.args == ("can't start new thread",) and any(
        code.co_name in ("getaddrinfo", "getnameinfo") and code.co_filename.startswith(_LIBRARY + "asyncio/") for code in _codes(trace)
    )


def _is_missing(error, trace):
    name = error.name
    if not isinstance(name, str) or error.msg != f"No module named {name!r}":
        return None
    if name == "_ssl":
        return _NO_NETWORK
    if name.startswith("matplotlib.backends."):
        return _NO_SCREEN
    top = name.partition(".")[0]
    if top == "IPython":  # but for what shows values
        return _NOTEBOOK
    if hasattr(sys.modules.get(top), "__path__"):  # its package is here
        return None
    text = _REPLACEMENT_OF.get(top.removeprefix("_"), "")
    if top in sys.stdlib_module_names:
        return text or "this part of Python is not here"
    if text in (_NO_PIP, _NOTEBOOK) or text.startswith("Python no longer"):
        return text
    if text:
        return f"{top} is not here, and nothing can be installed; {text}. {_LIST}"
    return f"{top} is not here, and nothing can be installed. {_LIST}; a module of your own must be handed in: {{modules}}"


# By what libraries say when they miss one.
_OPTIONAL = re.compile(r"Import (\w+)|'(pyarrow|numexpr)'|(sqlalchemy)")


def _is_optional(error, trace):
    last = _last(trace)
    if last is None or not _is_ours(last.tb_frame.f_code):
        return None
    match = _OPTIONAL.search(error.msg or "")
    if match is None:
        return None
    name = match[1] or match[2] or match[3]
    text = {"zstandard": "use gzip, bz2 or xz", "pytables": _REPLACEMENT_OF["tables"]}.get(name) or _REPLACEMENT_OF.get(name)
    return f"{name} is not here, and nothing can be installed" + (f"; {text}" if text else "")


def _is_arrow(error, trace):
    return error.name == "ArrowDtype" and _is_ours(_last(trace).tb_frame.f_code)


def _is_notebook_name(error, trace):
    return error.name == "get_ipython"


def _is_end_of_input(error, trace):
    if not input_has_ended():
        return None
    return "no input was given to the program, or it has ended; hand it in: {stdin}"


def _is_no_program(error, trace):
    if trace is not None or not error.text:
        return None
    line = error.text.strip()
    if line.startswith("```"):
        return "the program has Markdown's fences around it; leave out the lines with ```"
    if line.startswith((">>>", "... ")):
        return "this is a transcript; leave out the prompts >>> and ... and what was printed"
    if re.match(r"[!%]?\s*(pip3?|conda|python3? -m pip)\s+install\b", line):
        return _NO_PIP
    if re.match(r"%%?[a-z]\w*", line):
        return "magics are a notebook's, and this is none; leave the line out. Figures need no %matplotlib inline, but plt.savefig()"
    if line.startswith("!"):
        return _NO_PROCESSES
    return None


def _is_narrow(error, trace):
    text = str(error)
    return re.search(r"int too large to convert to C|cannot fit 'int' into an index-sized|int too big to convert to C", text)


def _is_large_array(error, trace):
    return str(error) in ("Maximum allowed dimension exceeded", "Maximum allowed size exceeded")


def _is_unread_file(error, trace):
    if not isinstance(error.filename, str) and not (error.args and "not found" in str(error.args[0])):
        return None
    line = ""
    while trace is not None:
        if not _is_ours(trace.tb_frame.f_code):
            line = linecache.getline(trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    return _READS.search(line) and not _WRITES.search(line)


def _is_image_format(error, trace):
    return _passes(trace, (_LIBRARY + "PIL/",)) and re.search(r"encoder \w+ not available|'?WEBP'?|\.webp", str(error))


# The types of exceptions, and what is told of them: (test, text), or the test's own text.
_TABLE = {
    AttributeError: ((_misses_network_name, _NO_NETWORK), (_misses_process_name, _NO_PROCESSES)),
    OSError: (
        (_is_refused_socket, _NO_NETWORK), (_is_refused_process, None), (_is_idle_pipe, _IDLE_PIPE),
        (_is_image_format, "images of this format cannot be written here; save as PNG"),
    ),
    FileNotFoundError: ((_is_unread_file, "files from outside must be handed in: {files}"),),
    RuntimeError: ((_is_refused_thread, _NO_NETWORK),),
    ModuleNotFoundError: ((_is_missing, None),),
    ImportError: ((_is_optional, None),),
    NameError: ((_is_notebook_name, _NOTEBOOK), (_is_arrow, "pyarrow is not here; leave dtype_backend out")),
    EOFError: ((_is_end_of_input, None),),
    SyntaxError: ((_is_no_program, None),),
    OverflowError: ((_is_narrow, _BITS),),
    ValueError: ((_is_large_array, _BITS), (_is_image_format, "images of this format cannot be written here; save as PNG")),
    KeyError: ((_is_image_format, "images of this format cannot be written here; save as PNG"),),
}


def _hint_of(error, trace):
    if _is_raised_by_program(trace):
        return None
    for kind in type(error).__mro__:
        for test, text in _TABLE.get(kind, ()):
            if found := test(error, trace):
                return text or found
    return None


# Those that need no look at the table.
_PLAIN = frozenset(
    kind for kind in vars(builtins).values()
    if isinstance(kind, type) and issubclass(kind, BaseException) and _TABLE.keys().isdisjoint(kind.__mro__)
)


def hint_for(error, trace):
    """The text, or "" where there is none: nearly always."""
    if type(error) in _PLAIN and error.__context__ is None and error.__cause__ is None:
        return ""
    try:
        for _ in range(_MAX_CHAIN):
            if not _TABLE.keys().isdisjoint(type(error).__mro__) and (text := _hint_of(error, trace)):
                return in_words(text)
            last = _last(trace)
            # What a library met on its way. A program's own error is about what it says.
            error = error.__cause__ or (error.__context__ if last is not None and _is_ours(last.tb_frame.f_code) else None)
            if error is None:
                return ""
            trace = error.__traceback__
    except Exception:  # of the program's own classes
        pass
    return ""


def in_words(text):
    """The text with what the caller calls the ways to hand something in."""
    return re.sub(r"\{(\w+)\}", lambda match: _host.call(b"w" + match[1].encode()).decode(), text)


def fit_advice():
    """Takes out advice that is not true here: to look for a site directory, and to install with pip or conda."""
    sys.flags = sys.flags.__replace__(no_site=0)
    optional = sys.modules.get("pandas.compat._optional")
    if optional is not None:
        code = optional.import_optional_dependency.__code__
        constants = tuple(
            each.replace("Use pip or conda to install", "Nothing here can install") if isinstance(each, str) else each
            for each in code.co_consts
        )
        optional.import_optional_dependency.__code__ = code.replace(co_consts=constants)
