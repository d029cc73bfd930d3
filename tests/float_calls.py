# SPDX-License-Identifier: Apache-2.0
"""Prints what numpy warns of in thousands of calls with floats, one line for each: the call, a tab, the warnings. And what floats become
as integers."""

import itertools
import warnings

import numpy as np

VALUES = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e-300, 1e200, -1e200, np.inf, -np.inf, np.nan, 3.0, 1000.0]
ONE = """absolute arccos arccosh arcsin arcsinh arctan arctanh cbrt ceil cos cosh deg2rad degrees exp exp2 expm1 fabs floor isfinite isinf
isnan log log10 log1p log2 negative positive rad2deg radians reciprocal rint sign signbit sin sinh sqrt square tan tanh trunc""".split()
TWO = """add arctan2 copysign divide equal float_power floor_divide fmax fmin fmod greater heaviside hypot less logaddexp logaddexp2
maximum minimum multiply not_equal power remainder subtract""".split()
SCALAR = ["+", "-", "*", "/", "//", "%", "**"]
FILLER = 1.25  # beside what matters, in the middle of long arrays


def told(call):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        call()
    return sorted({str(each.message) for each in seen})


def show(name, call):
    print(name, told(call), sep="\t")


def array(value, kind, length, step=1):
    whole = np.full(length * step, FILLER, kind)[::step]
    whole[length // 2] = value
    return whole


def in_place(function, first, *others):
    return function(first, *others, out=first)


for kind in ("f8", "f4"):
    scale = {"f8": 1, "f4": 1 / 8}[kind]
    values = [np.dtype(kind).type(value ** scale if 1e100 < value < np.inf else -((-value) ** scale) if -np.inf < value < -1e100 else value) for value in VALUES]
    for name, value in itertools.product(ONE, values):
        function = getattr(np, name)
        show(f"{kind} {name}({value})", lambda: function(np.asarray(value)))
        show(f"{kind} {name}({value} among many)", lambda: function(array(value, kind, 3001)))
    for name, (a, b) in itertools.product(TWO, itertools.product(values, repeat=2)):
        function = getattr(np, name)
        show(f"{kind} {name}({a}, {b})", lambda: function(np.full(2, a), np.full(2, b)))
    for name, (a, b) in itertools.product(("add", "divide", "multiply", "subtract", "floor_divide", "hypot"), itertools.product(values, repeat=2)):
        function = getattr(np, name)
        show(f"{kind} {name}({a}, {b} in steps)", lambda: function(array(a, kind, 2050, 3), array(b, kind, 2050, 2)))
        show(f"{kind} {name}({a} in place, {b})", lambda: in_place(function, array(a, kind, 1027), array(b, kind, 1027)))
        show(f"{kind} {name}({a} in steps in place, {b})", lambda: in_place(function, array(a, kind, 7, 2), array(b, kind, 7)))
        show(f"{kind} {name}({a}, {b} in place)", lambda: function(array(a, kind, 5), (last := array(b, kind, 5)), out=last))
    for name, (a, b) in itertools.product(("add", "multiply", "maximum"), itertools.product(values, repeat=2)):
        function = getattr(np, name)
        both = array(a, kind, 9)
        both[-1] = b
        show(f"{kind} {name}.reduce({a}, {b})", lambda: function.reduce(both))
        show(f"{kind} {name}.reduce({a}, {b} in columns)", lambda: function.reduce(np.stack([both, both]).T))
        show(f"{kind} {name}.accumulate({a}, {b})", lambda: function.accumulate(both))
    for operator, (a, b) in itertools.product(SCALAR, itertools.product(values, repeat=2)):
        if kind == "f4" and operator == "+":
            continue
        show(f"{kind} scalar {a} {operator} {b}", lambda: eval(f"a {operator} b"))
        show(f"{kind} scalar {a} {operator} a float {b}", lambda: eval(f"a {operator} float(b)"))
for a, b in itertools.product((0, 1, -3), repeat=2):
    for operator in "/", "//", "%":
        show(f"integers {a} {operator} {b}", lambda: eval(f"np.int64(a) {operator} np.int64(b)"))
        show(f"arrays of integers {a} {operator} {b}", lambda: eval(f"np.array([a]) {operator} np.array([b])"))
for kind, target in itertools.product(("f8", "f4"), ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8")):
    for value in (0.0, 3.99, -1.0, -50.7, 127.5, 255.9, 256.5, 40000.0, -2.0**31, 2.0**31, 3e9, -3e9, 2.0**53, -2.0**63, 2.0**63, 1e20, np.nan, np.inf, -np.inf):
        for length in (1, 37):
            with np.errstate(all="ignore"):
                print(f"{kind} {value} as {target}, {length}", np.full(length, value, kind).astype(target)[-1], sep="\t")
show("mean of nothing", lambda: np.mean([]))
show("variance of one", lambda: np.var([1.0], ddof=1))
show("correlation of the same", lambda: np.corrcoef([1, 1], [1, 2]))
for name in ("divide", "over", "invalid"):
    with np.errstate(**{name: "raise"}):
        for a, b in ((1.0, 0.0), (0.0, 0.0), (1e200, 1e-200)):
            try:
                result = np.array([a]) / np.array([b])
            except FloatingPointError as error:
                result = error
            print(f"{name} raises, {a} / {b}", result, sep="\t")
