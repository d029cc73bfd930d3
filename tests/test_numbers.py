# SPDX-License-Identifier: Apache-2.0
"""Numbers of numpy and pandas are a desktop's: compared call by call with numpy on this machine, and by what programs print."""

import fnmatch
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent
NUMPY_CALLS = ROOT / "numpy_calls.py"
LIBRARY_CALLS = ROOT / "library_calls.py"
FLOAT_CALLS = ROOT / "float_calls.py"


def known_differences():
    """The patterns of calls in docs/differences.md that may give something else: the first cell of each row."""
    text = (ROOT.parent / "docs/differences.md").read_text()
    rows = re.findall(r"^\| (`.+?`) \|", text, re.MULTILINE)
    return [pattern for row in rows for pattern in re.findall(r"`(.+?)`", row)]


def calls_of(program, skerry):
    """What the calls of a program give natively and here, each as {call: result}."""
    native = subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    run = skerry("run", "--max-output", str(64 << 20), "--timeout", "120", program, timeout=150)
    assert run.code == 0, run.stderr
    lines, _ = native.communicate(timeout=120)
    assert native.returncode == 0
    theirs, ours = (dict(line.split("\t", 1) for line in text.splitlines()) for text in (lines, run.stdout.decode()))
    assert list(ours) == list(theirs)
    return theirs, ours


def assert_known(theirs, ours, is_known):
    known = [re.compile(fnmatch.translate(pattern.replace("[", "[[]"))) for pattern in known_differences()]
    unknown = [
        f"{call}\t{result}\n    natively {theirs[call]}"
        for call, result in ours.items()
        if result != theirs[call] and not (is_known(result, theirs[call]) and any(pattern.match(call) for pattern in known))
    ]
    assert not unknown, f"{len(unknown)} differences:\n" + "\n".join(unknown[:40])


@pytest.mark.timeout(180)
def test_numpy_gives_what_it_gives_natively(skerry):
    pytest.importorskip("numpy", minversion="2.4")
    theirs, ours = calls_of(NUMPY_CALLS, skerry)
    assert len(theirs) > 10_000
    assert_known(theirs, ours, lambda result, native: True)


@pytest.mark.timeout(180)
def test_libraries_give_what_they_give_natively(skerry):
    """But for the width of indices, which only calls that are listed may differ in."""
    pytest.importorskip("sklearn")
    theirs, ours = calls_of(LIBRARY_CALLS, skerry)
    assert len(theirs) > 500
    assert_known(theirs, ours, lambda result, native: result == native.replace("int64", "int32"))


@pytest.mark.timeout(180)
def test_floats_warn_and_become_integers_as_natively(skerry):
    pytest.importorskip("numpy", minversion="2.4")
    theirs, ours = calls_of(FLOAT_CALLS, skerry)
    assert len(theirs) > 10_000 and sum(result != "[]" for result in theirs.values()) > 2_000
    assert_known(theirs, ours, lambda result, native: True)


PANDAS = """
import numpy as np, pandas as pd
df = pd.DataFrame({"units": [30_000, 50_000], "price": [99_999, 88_888]})
print((df.units * df.price).sum(), (df.units.astype(int) * df.price.astype("int")).sum())
print(pd.Series([1.0, 5e9]).astype(int).tolist(), pd.Series([1, 2], dtype=int).dtype, pd.Series(np.arange(3)).dtype)
s = pd.Series([0, 1, 1, 3])
print(s.repeat(s).tolist(), np.repeat(list("abcd"), s).tolist(), np.bincount(s).dtype, np.random.binomial(s, 1.0).tolist())
"""


def test_pandas_calculates_in_64_bits_for_the_program(skerry):
    run = skerry("run", "-c", PANDAS)
    assert run.code == 0, run.stderr
    assert run.out.splitlines() == [
        "7444370000 7444370000",
        "[1, 5000000000] int64 int64",
        "[1, 1, 3, 3, 3] ['b', 'c', 'd', 'd', 'd'] int64 [0, 1, 1, 3]",
    ]


LIBRARIES = """
import numpy as np
from scipy import sparse, spatial
from scipy.sparse import csgraph
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import KFold
from sklearn.neighbors import KDTree
X = np.arange(40).reshape(20, 2)
y = (X[:, 0] > 20).astype(int)
print(RandomForestClassifier(5, random_state=0).fit(X, y).score(X, y) > 0.9, next(KFold(4).split(X))[0].dtype)
print(spatial.cKDTree(X).query(X[:2], 2)[1].tolist(), KDTree(X).query(X[:1], 2)[1].tolist(), spatial.Delaunay(X % 7).npoints)
graph = sparse.coo_matrix((np.ones(3), (np.array([0, 1, 2]), np.array([1, 2, 0]))), (3, 3)).tocsr()
print(csgraph.connected_components(graph)[0], csgraph.shortest_path(graph)[0].tolist())
"""


def test_compiled_code_of_libraries_gets_the_integers_that_it_declares(skerry):
    run = skerry("run", "-c", LIBRARIES)
    assert run.code == 0, run.stderr
    assert run.out.splitlines() == ["True int64", "[[0, 1], [1, 0]] [[0, 1]] 20", "1 [0.0, 1.0, 2.0]"]
