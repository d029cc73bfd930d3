# SPDX-License-Identifier: Apache-2.0
"""Hints: what is told beside an exception whose cause is the sandbox, and not beside the program's own that looks like it."""

import json

import pytest

NETWORK = "there is no network here"
PROCESSES = "there are no other programs or processes here"
PIP = "nothing can be installed here"
BITS = "sizes and C integers have 32 bits here"
FILES = "files from outside must be handed in: --dir"
PNG = "images of this format cannot be written here; save as PNG"

# A program, and what its hint begins with; None: it has none.
HINTS = [
    ("import socket; socket.socket().connect(('10.0.0.1', 80))", NETWORK),
    ("import socket; socket.gethostbyname('example.org')", NETWORK),
    ("import socket; socket.getaddrinfo('example.org', 80)", NETWORK),
    ("import socket; socket.create_connection(('example.org', 80))", NETWORK),
    ("import socket; socket.create_server(('', 80))", NETWORK),
    ("import ssl; ssl.create_default_context()", NETWORK),
    ("import urllib.request; urllib.request.urlopen('https://example.org/')", NETWORK),
    ("import urllib.request; urllib.request.urlopen('http://example.org/')", NETWORK),
    ("import http.client; http.client.HTTPSConnection('example.org')", NETWORK),
    ("import http.client; http.client.HTTPConnection('example.org').request('GET', '/')", NETWORK),
    ("import asyncio; asyncio.run(asyncio.open_connection('example.org', 80))", NETWORK),
    ("import smtplib; smtplib.SMTP('localhost')", NETWORK),
    ("from http.server import *; HTTPServer(('', 8000), BaseHTTPRequestHandler)", NETWORK),
    ("import pandas; pandas.read_csv('https://example.org/data.csv')", NETWORK),
    ("import socket\ntry: socket.socket().connect(('10.0.0.1', 80))\nexcept OSError as e: raise RuntimeError('no download') from e", NETWORK),
    ("import socket; socket.frobnicate", None),
    ("import errno, os; raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))", None),
    ("import urllib.request; urllib.request.urlopen('foo://example.org/')", None),
    ("import socket\ntry: socket.socket().connect(('10.0.0.1', 80))\nexcept OSError: raise KeyError('own')", None),
    ("class A: pass\nA().gethostbyname", None),

    ("import subprocess; subprocess.run(['ls'])", PROCESSES),
    ("import subprocess; subprocess.check_output('ls -l', shell=True)", PROCESSES),
    ("import os; os.popen('ls')", PROCESSES),
    ("import os; os.fork()", PROCESSES),
    ("import os; os.execv('/bin/ls', ['ls'])", PROCESSES),
    ("import os; os.no_such", None),
    ("import sys, subprocess; subprocess.check_call([sys.executable, '-m', 'pip', 'install', 'x'])", PIP),
    ("raise OSError(58, 'wasi does not support processes.')", None),

    ("import torch", "torch is not here, and nothing can be installed; use scikit-learn or numpy"),
    ("import polars as pl", "polars is not here, and nothing can be installed; use pandas"),
    ("from selenium.webdriver import Chrome", "selenium is not here, and nothing can be installed; there is no network"),
    ("import helper", "helper is not here, and nothing can be installed"),
    ("import helper.sub", "helper is not here"),
    ("import pip", PIP), ("import micropip", PIP),
    ("from IPython.core.magic import magics_class", "this is a notebook's"),
    ("import imp", "Python no longer has it; use importlib"),
    ("import tkinter", "there is no screen here"),
    ("import curses", "there is no terminal here"),
    ("import resource", "the machine cannot be looked at"),
    ("import json.nope", None),
    ("from json import nope", None),
    ("import sklearn.externals.joblib", None),
    ("raise ModuleNotFoundError('No module named mine')", None),
    ("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')", None),

    ("import pandas; pandas.DataFrame({'a': [1]}).to_parquet('f')", "pyarrow is not here, and nothing can be installed; use to_csv"),
    ("import pandas; pandas.read_parquet('f')", "pyarrow is not here"),
    ("import pandas; pandas.DataFrame({'a': [1]}).to_feather('f')", "pyarrow is not here"),
    ("import pandas; pandas.DataFrame({'a': [1]}).to_hdf('f', key='x')", "pytables is not here, and nothing can be installed; use to_csv"),
    ("import pandas; pandas.DataFrame({'a': [1]}).to_csv('f.csv.zst')", "zstandard is not here, and nothing can be installed; use gzip"),
    ("import pandas; pandas.DataFrame({'a': [1]}).convert_dtypes(dtype_backend='pyarrow')", "pyarrow is not here"),
    ("raise ImportError(\"'pyarrow' is mine\")", None),
    ("ArrowDtype", None),

    ("get_ipython()", "this is a notebook's"),
    ("displays(1)", None), ("raise NameError(\"name 'display' is not defined\", name='display')", None),

    ("b'x' * 2**33", BITS), ("len(range(2**40))", BITS),
    ("import numpy; numpy.zeros(2**33)", BITS),
    ("float(10**400)", None), ("raise OverflowError('Python int too large to convert to C long')", None),
    ("import math; math.exp(1000)", None),

    ("open('data.csv')", FILES), ("open('/mnt/data/data.csv')", FILES),
    ("import pandas; pandas.read_csv('data.csv')", FILES),
    ("import numpy; numpy.loadtxt('data.txt')", FILES),
    ("open('nodir/out.txt', 'w')", None), ("import os; os.remove('gone')", None),
    ("raise FileNotFoundError(2, 'open(it)', 'mine')", None),

    ("from PIL import Image; Image.new('RGB', (4, 4)).save('f.webp')", PNG),
    ("{}['WEBP']", None), ("int('f.webp')", None),
    ("1 / 0", None),
]

DRIVER = """
import json, linecache, sys
hint_for = sys.modules["_skerry_hints"].hint_for
hints = []
for number, code in enumerate({codes!r}):
    name = f"<{{number}}>"
    linecache.cache[name] = len(code), None, code.splitlines(True), name
    try:
        exec(compile(code, name, "exec"), {{"__name__": "__main__"}})
        hints.append("no error")
    except Exception as error:
        hints.append(hint_for(error, error.__traceback__.tb_next))
print(json.dumps(hints))
"""


@pytest.fixture(scope="module")
def hints(binary, home, environment):
    import subprocess

    program = DRIVER.format(codes=[code for code, _ in HINTS])
    done = subprocess.run([binary, "run", "--memory", "1024", "-"], input=program.encode(), env=environment, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return dict(zip((code for code, _ in HINTS), json.loads(done.stdout.splitlines()[-1])))


@pytest.mark.parametrize("code, begin", HINTS)
def test_a_hint_is_there_where_it_applies_and_only_there(hints, code, begin):
    assert hints[code] == "" if begin is None else hints[code].startswith(begin)


@pytest.mark.parametrize("code, begin", [
    ("```python\nprint(1)\n```", "the program has Markdown's fences around it"),
    (">>> x = 1\n>>> x\n1", "this is a transcript"),
    ("%matplotlib inline\nx = 1", "magics are a notebook's"),
    ("%%time\nx = 1", "magics are a notebook's"),
    ("!ls -la", PROCESSES),
    ("!pip install requests\nimport requests", PIP),
    ("%pip install requests", PIP),
    ("pip install requests", PIP),
    ("x = 1 %", None), ("def f(:", None), ("x = !y", None),
    ("compile('```', 'other', 'exec')", None), ("exec('%time x')", None),
])
def test_text_that_is_no_program_is_named(run_json, code, begin):
    report = run_json(code)
    assert report.exception_type == "SyntaxError"
    hint = report["exception"]["hint"]
    assert hint == "" if begin is None else hint.startswith(begin)


@pytest.mark.parametrize("code, given, is_there", [
    ("input('name? ')", b"", True), ("input(); input()", b"one\n", True),
    ("import getpass, warnings; warnings.simplefilter('ignore'); getpass.getpass()", b"", True),
    ("input(); raise EOFError('EOF when reading a line')", b"one\n", False),
    ("import io, pickle; pickle.load(io.BytesIO())", b"", False),
])
def test_input_that_was_not_given_is_named(run_json, code, given, is_there):
    report = run_json(code, stdin=given)
    assert report.exception_type == "EOFError"
    assert ("--stdin FILE, or a pipe" in report["exception"]["hint"]) is is_there


def test_a_hint_stands_behind_the_traceback_and_beside_the_exception(run_json):
    report = run_json("import torch")
    assert (report["exception"]["type"], report["exception"]["message"]) == ("ModuleNotFoundError", "No module named 'torch'")
    *_, error, hint = report["stderr"].splitlines()
    assert error == "ModuleNotFoundError: No module named 'torch'"
    assert hint == "hint: " + report["exception"]["hint"]
    report = run_json("1 / 0")
    assert report["exception"]["hint"] == "" and "hint" not in report["stderr"]


def test_a_caught_exception_is_as_on_a_desktop(run_code):
    done = run_code("import traceback\ntry: import torch\nexcept ImportError as e: print(e, e.name); traceback.print_exc()").ok()
    assert done.out == "No module named 'torch' torch\n"
    assert done.err.endswith("\nModuleNotFoundError: No module named 'torch'\n")


def test_advice_that_is_not_true_here_is_gone(run_code):
    done = run_code("import pandas\ntry: pandas.DataFrame().to_feather('f')\nexcept ImportError as e: print(e)").ok()
    assert "pip" not in done.out and "pyarrow" in done.out
    assert "Site initialization" not in run_code("import torch").err


def test_the_packages_can_be_listed_as_the_hint_says(run_json, run_code):
    hint = run_json("import pip")["exception"]["hint"]
    listing = hint[hint.index("import importlib"):].removesuffix(" lists what is here")
    assert "'pandas'" in run_code(listing).ok().out


def test_a_callers_own_words_are_used(served):
    import urllib.request

    def hint_of(code):
        body = json.dumps({"code": code}).encode()
        with urllib.request.urlopen(f"http://{served.http}/v1/run", body) as answer:
            report = json.load(answer)
        assert report["stderr"].endswith("hint: " + report["exception"]["hint"] + "\n")
        return report["exception"]["hint"]

    assert '"stdin": TEXT' in hint_of("input()")
    for code in ("open('data.csv')", "import helper", "import socket; socket.gethostbyname('example.org')", "input()"):
        assert "--" not in hint_of(code)
