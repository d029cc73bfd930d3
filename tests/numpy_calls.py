# SPDX-License-Identifier: Apache-2.0
"""Thousands of calls of numpy's public interface, and what each gives: run here and natively by test_numbers.py, which compares
the lines. A line is a call's name, a tab, and its result as types and values; of an exception, its class."""

import itertools
import warnings

import numpy as np

warnings.simplefilter("ignore")
np.seterr(all="ignore")


def show(value):
    if isinstance(value, np.ndarray):
        items = value.ravel().tolist() if value.dtype.kind != "O" else value.ravel()
        return f"{value.dtype}{list(value.shape)}({' '.join(show(item) for item in items)})"
    if isinstance(value, np.generic):
        return f"{value.dtype}:{show(value.item())}"
    if isinstance(value, (tuple, list)):
        return f"{type(value).__name__}({', '.join(map(show, value))})"
    if isinstance(value, float):  # float32's functions differ in the last digit
        return f"{value:.5g}"
    if isinstance(value, complex):
        return f"{value.real:.5g}+{value.imag:.5g}j"
    if isinstance(value, type):
        return value.__name__
    return repr(value)


def tell(name, call):
    try:
        result = show(call())
    except Exception as error:
        result = type(error).__name__
    print(name, result, sep="\t")


INPUTS = {
    "ints": [3, 1, 2, 0, 7],
    "large": [3_000_000_000, -1, 5],
    "square": [[1, 2], [3, 4]],
    "bools": np.array([True, False, True]),
    "int8": np.array([1, -2, 100], "int8"),
    "uint8": np.array([1, 2, 200], "uint8"),
    "int16": np.array([1, -2, 30_000], "int16"),
    "int32": np.array([1, -2, 2_000_000_000], "int32"),
    "uint32": np.array([1, 2, 4_000_000_000], "uint32"),
    "int64": np.array([4, 3, 2_000_000_000], "int64"),
    "uint64": np.array([1, 2, 2**40], "uint64"),
    "float32": np.array([0.5, 1.5, -2.0], "float32"),
    "floats": [0.25, 2.5, 3e9],
    "complex": [1 + 2j, 3j],
    "int": 5,
    "negative": -3,
    "flag": True,
    "float": 2.5,
}
ARRAYS = {name: np.asarray(value) for name, value in INPUTS.items()}
INTEGERS = ("ints", "square", "bools", "int8", "uint8", "int32", "uint32", "int64", "uint64")

UFUNCS = {name: getattr(np, name) for name in sorted(dir(np)) if isinstance(getattr(np, name), np.ufunc)}


def ufuncs():
    for name, function in UFUNCS.items():
        if function.nin == 1:
            for key, value in INPUTS.items():
                tell(f"{name}({key})", lambda: function(value))
        elif function.nin == 2 and function.signature is None:
            for left, right in itertools.product(INPUTS, repeat=2):
                # A result of 2^3000000000 would be all there is to see.
                if name in ("power", "float_power", "left_shift", "ldexp", "pow", "bitwise_left_shift") and left[:3] + right[:3] != "intint":
                    continue
                tell(f"{name}({left}, {right})", lambda: function(INPUTS[left], INPUTS[right]))
            for key in ("ints", "bools", "int8", "uint8", "int32", "int64", "floats"):
                for method in ("reduce", "accumulate", "outer"):
                    arguments = (INPUTS[key],) * (2 if method == "outer" else 1)
                    if name not in ("power", "float_power", "left_shift", "ldexp", "pow", "bitwise_left_shift"):
                        tell(f"{name}.{method}({key})", lambda: getattr(function, method)(*arguments))
                for index in ("int64", "uint32", "int32"):
                    tell(f"{name}.reduceat({key}, {index})", lambda: function.reduceat(INPUTS[key], np.array([0, 1], index)))


OF_ONE = """sum prod cumsum cumprod mean std var median min max ptp any all argmin argmax argsort sort nonzero flatnonzero argwhere
count_nonzero unique diff ediff1d trace transpose ravel squeeze atleast_1d atleast_2d atleast_3d flip fliplr flipud rot90 diag diagonal
tril triu round fix nansum nanprod nancumsum nancumprod nanmax nanmin nanargmax
nanargmin nanmean nanstd nanmedian average cov corrcoef gradient histogram histogram_bin_edges bincount asarray array copy ones_like zeros_like
empty_like vander poly roots lexsort argpartition_1 partition_1 min_scalar_type iscomplexobj isrealobj real imag angle nan_to_num
real_if_close trim_zeros unwrap sinc i0 msort packbits unique_all unique_counts unique_inverse cumulative_sum cumulative_prod
matrix_transpose  shape size ndim common_type asfarray linalg.det linalg.inv linalg.norm linalg.matrix_rank
linalg.qr linalg.pinv fft.fft fft.fftfreq_ fft.fftshift fft.rfft logical_not isfinite spacing frexp modf""".split()
METHODS = """sum prod cumsum cumprod mean std var min max any all argmin argmax argsort nonzero round trace ravel tolist conj diagonal
flatten copy transpose squeeze""".split()


def function_named(name):
    owner = np
    for part in name.split("."):
        owner = getattr(owner, part)
    return owner


def of_one():
    for name in OF_ONE:
        base, _, argument = name.partition("_1")
        try:
            function = function_named(base if argument == "" and name.endswith("_1") else name.rstrip("_"))
        except AttributeError:
            continue
        more = (1,) if name.endswith("_1") else ()
        for key, value in INPUTS.items():
            if name == "bincount" and np.max(ARRAYS[key]) > 1000 or name == "empty_like":
                continue
            tell(f"np.{name}({key})", lambda: function(value, *more))
            if ARRAYS[key].ndim == 2:
                tell(f"np.{name}({key}, axis=0)", lambda: function(value, *more, axis=0))
    for name, key in itertools.product(METHODS, INPUTS):
        tell(f"{key}.{name}()", lambda: getattr(ARRAYS[key], name)())


EXPRESSIONS = """
arange(5) | arange(2, 9, 3) | arange(0, 5 * 10**9, 10**9) | arange(3.0) | arange(3, dtype=int) | arange(np.int8(3)) | arange(True)
zeros(2, int) | ones(2, int) | full(2, 7) | full(2, 5 * 10**9) | full(2, True) | full(2, 1.5) | full((2, 2), 3, dtype=int) | full_like([1, 2], 9)
eye(2, dtype=int) | identity(2, int) | tri(3, dtype=int) | indices((2, 3)) | indices((2, 2), sparse=True) | mgrid[0:3, 0:2] | ogrid[0:3, 0:2]
r_[1:4] | r_[1, 2, 3] | c_[[1, 2], [3, 4]] | s_[1:2] | ix_([0, 1], [1]) | linspace(0, 4e9, 3).astype(int) | linspace(0, 4, 5, dtype=int)
logspace(0, 3, 4, dtype=int) | geomspace(1, 1000, 4).astype(int) | meshgrid([1, 2], [3, 4]) | tril_indices(3) | triu_indices(3, 1) | diag_indices(2)
mask_indices(3, np.triu) | unravel_index(5, (2, 3)) | unravel_index([1, 5], (2, 3)) | ravel_multi_index((1, 2), (2, 3)) | ravel_multi_index(([0, 1], [1, 2]), (2, 3))
where([True, False, True]) | where([True, False], 1, 0) | where([True, False], 10**10, 0) | where([1, 0], np.int32(1), np.int32(2)) | where([1, 0], True, 2)
searchsorted([1, 3, 5], 4) | searchsorted([1, 3, 5], [0, 4]) | digitize([0.5, 2.5], [1, 2]) | digitize(3, [1, 2]) | bincount([0, 1, 1]) | bincount([0, 1], weights=[0.5, 1])
histogram([1, 2, 2, 5]) | histogram([1, 2, 2], bins=2) | histogram2d([1, 2], [3, 4], 2) | histogram([1, 2], density=True) | histogramdd([[1, 2], [3, 4]], 2)
lexsort(([1, 2], [3, 1])) | argsort([3, 1, 2], kind="stable") | argpartition([3, 1, 2], 1) | partition([3, 1, 2], 1) | sort_complex([3, 1])
unique([3, 1, 3], return_index=True) | unique([3, 1, 3], return_inverse=True) | unique([3, 1, 3], return_counts=True) | unique([[1, 2], [1, 2]], axis=0)
intersect1d([1, 2], [2, 3], return_indices=True) | union1d([1], [2]) | setdiff1d([1, 2], [2]) | setxor1d([1, 2], [2, 3]) | isin([1, 2], [2])
take([1, 2, 3], np.array([0, 2])) | take([1, 2, 3], np.array([0, 2], 'int64')) | take([1, 2], 5, mode='clip') | choose([0, 1], [[1, 2], [3, 4]]) | choose(np.array([0, 1], 'int64'), [1, 2])
repeat([1, 2], 2) | repeat([1, 2], [1, 2]) | repeat([1, 2], np.array([1, 2], 'uint32')) | repeat([1, 2], np.array([1, 2], 'uint64')) | repeat([1, 2], np.array([2**33, 1])[1:]) | tile([1, 2], 2) | tile([1], np.int64(3))
put(ar(5), np.array([1, 2]), 9) | put_along_axis(ar(4), np.array([1]), 9, 0) | take_along_axis(ar(4), np.argsort(ar(4)), 0) | compress([True, False], [1, 2]) | extract([True, False], [1, 2]) | select([[True, False]], [[1, 2]], 7) | piecewise(ar(4), [ar(4) > 1], [1, 0]) | place(ar(4), [True] * 4, [1])
insert([1, 2], 1, 9) | insert([1, 2], [0, 1], [8, 9]) | delete([1, 2, 3], 1) | delete([1, 2, 3], np.array([0, 1])) | append([1], 2) | append([1], [2.5]) | resize([1, 2], 5) | roll([1, 2, 3], 1) | rollaxis(ar(8).reshape(2, 2, 2), 2) | split(ar(6), 3) | split(ar(6), np.array([2, 3])) | array_split(ar(5), 2)
pad([1, 2], 1) | pad([1, 2], np.array([1, 2])) | pad([1, 2], 2, 'edge') | broadcast_to([1, 2], (2, 2)) | broadcast_arrays([1], [2, 3]) | concatenate(([1], [2])) | stack([[1], [2]]) | hstack(([1], [2.0])) | vstack(([1], [2])) | dstack(([1], [2])) | block([[1, 2], [3, 4]]) | column_stack(([1, 2], [3, 4]))
dot([50_000] * 3, [50_000] * 3) | vdot([1, 2], [3, 4]) | inner([1, 2], [3, 4]) | outer([100_000], [100_000]) | matmul([[60_000] * 2] * 2, [[60_000] * 2] * 2) | tensordot([[1, 2]], [[3], [4]], 1) | kron([1, 2], [1, 1]) | cross([1, 2, 3], [4, 5, 6]) | einsum('i,i', [70_000] * 2, [70_000] * 2) | einsum('ij->j', [[1, 2], [3, 4]]) | correlate([1, 2, 3], [0, 1]) | convolve([10**5, 10**5], [10**5, 1]) | linalg.matrix_power([[1, 1], [1, 0]], 60) | linalg.multi_dot([[[1, 2]], [[3], [4]]])
polyfit([0, 1, 2], [1, 3, 5], 1).round(4) | polyval([1, 2], 100_000) | polyadd([1], [1, 2]) | polymul([10**5, 1], [10**5, 1]) | polydiv([1, 2], [1]) | polyder([1, 2, 3]) | polyint([1, 2]) | poly1d([1, 2])(10**5) | polynomial.polynomial.polyval(3, [1, 2]) | interp([1, 2], [0, 3], [0, 6]) | trapezoid([1, 2, 3])
cumsum(np.full(5, 10**9)) | prod((500, 500, 500, 500)) | sum([2**31, 1]) | sum(np.array([2**31 - 1] * 2, 'int32')) | sum(np.array([2**31 - 1] * 2, 'int32'), dtype='int32') | diff([0, 3 * 10**9]) | ediff1d([1, 3], to_end=9) | add.at(ar(4), np.array([0, 1], 'int64'), 1) | clip([1, 5 * 10**9], 0, 10) | clip(ar(3), 0, np.int64(1)) | around([15, 25], -1) | abs(-3) | negative(3) | power(2, 40) | power(10, 9) * 10 | square(10**5) | multiply(10**5, 10**5) | add(2**31 - 1, 1) | subtract(-2**31, 1) | maximum(1, 2) | gcd(12, 18) | lcm(10**5, 10**5 + 1) | floor_divide(7, 2) | mod(7, 3) | divmod(7, 2) | left_shift(1, 40) | invert(5) | bitwise_or(1, 2) | sign(-3)
int_(5 * 10**9) | uint(5) | intp(3) | uintp(3) | int64(3) * 10**12 | long(7) | ulong(7) | int_ is np.int64 | intp is np.int64 | uint is np.uint64 | dtype(int) | dtype('int') | dtype('uint') | dtype('intp') | dtype('uintp') | dtype('l') | dtype('L') | dtype('p') | dtype('P') | dtype('q') | dtype('i') | dtype('I') | dtype('long') | dtype('ulong') | dtype('int_') | dtype('longlong') | dtype('i4') | dtype('<i4') | dtype('>i4') | dtype('int32') | dtype('intc') | dtype('h') | dtype(np.int_) | dtype(np.intp) | dtype('i4,l') | dtype([('a', int), ('b', 'l')]) | dtype(int).itemsize | iinfo(int).max | iinfo('int').max | iinfo(np.int_).max | result_type(1, 2) | result_type(int, 'int8') | result_type('int32', 1) | promote_types(int, 'int32') | can_cast(int, 'int32') | can_cast('int64', int) | can_cast('int64', np.intp) | issubdtype(np.int64, int) | issubdtype(np.int_, np.signedinteger) | min_scalar_type(10**5) | find_common_type | isdtype(np.dtype(int), 'signed integer') | mintypecode(['i'])
array([1, 2]) | array([1, 2]).dtype == int | array([1, 2]).dtype == np.int_ | array(5) | array([1, 2.5]) | array([True, 2]) | array([3_000_000_000]) | array([2**63]) | array([2**64]) | array([-1, 2**63]) | array([1, 'a']) | array(['5000000000']).astype(int) | array(['1', '2'], dtype=int) | array([]) | array([], dtype=int) | array([[1, 2], [3, 4]], dtype=int).sum(axis=0) | array([1, None]) | array([3e9]).astype(int) | array([1.7]).astype('int') | array([1, 2], dtype='uint') | array([1, 2], np.intp) | array([1, 2], np.int32).sum() | array([1, 2], np.int32) + 1 | array([1, 2], np.int32) + np.array([1, 2]) | array([1, 2], 'int8') + np.array(1) | array([1, 2]) / 2 | array([1, 2]) // 2 | array([1, 2]) ** 2 | array([True, False]) + 1 | array([True, False]) * 5 | array([True]) * np.array([2]) | array([True, True]).sum() | array([True]) - np.array([1]) | -array([1, 2]) | array([1, 2]) @ np.array([3, 4]) | array([1, 2]) << 33 | array([1, 2]) > 1 | array([2**31 - 1]) + 1 | array([1, 2])[np.array([1, 0], 'int64')] | array([1, 2])[[True, False]] | array([1, 2]).item(0) | array([1, 2])[0] | array([1, 2]).view('int32') | array([1, 2]).nbytes | array([1, 2]).itemsize | array([1, 2]).strides | array([1, 2]).dtype.name | array([1, 2]).dtype.str | array([1, 2]).tobytes() | frombuffer(bytes(16), int) | fromstring('1 2', int, sep=' ') | fromiter(range(3), int) | fromfunction(lambda i, j: i + j, (2, 2), dtype=int) | fromfunction(lambda i: i * 2, (3,)) | loadtxt(['1 2', '3 4'], dtype=int) | genfromtxt(['1 2', '3 4'], dtype=int) | genfromtxt(['1,a', '2,b'], delimiter=',', dtype=None, encoding='utf8') | vectorize(lambda x: x + 1)([1, 2]) | frompyfunc(lambda x: x, 1, 1)([1, 2]) | apply_along_axis(np.sum, 0, [[1, 2], [3, 4]]) | apply_over_axes(np.sum, [[1, 2], [3, 4]], 0) | nditer([1, 2]).itersize | broadcast([1], [2, 3]).size | lib.stride_tricks.sliding_window_view(ar(4), 2) | packbits([1, 0]) | unpackbits(np.array([5], 'uint8')) | binary_repr(-3, 8) | base_repr(10, 3) | array_repr(np.array([1, 2])) | array2string(np.array([1, 2], 'int32')) | repr(np.int_(3)) | repr(np.array([1, 2])) | repr(np.array([1], 'int32')) | repr(np.argmax([1, 2])) | argmax([[1, 5], [7, 2]], axis=1) | argmin([1, 0]) | argmax([1, 5]) * 10**10 | argsort([2, 1]) * 10**10 | count_nonzero([[1, 0], [1, 1]], axis=0) | nonzero([[1, 0], [0, 1]]) | nonzero([1, 0, 3])[0] * 10**10 | flatnonzero([0, 1]) | argwhere([[1, 0], [0, 1]]) | nanargmax([1, np.nan, 3]) | median([1, 2, 3]) | percentile([1, 2, 3], 50) | quantile([1, 2, 3, 4], 0.5, method='nearest') | ptp([1, 5]) | mean([2**31, 2**31]) | var([1, 2]) | average([1, 2], weights=[3, 1]) | cov([1, 2], [3, 4]) | busday_count('2026-01-01', '2026-02-01') | datetime64('2026-01-01') + np.arange(2) | datetime64('2026-01-02') - np.datetime64('2026-01-01') | arange('2026-01', '2026-03', dtype='datetime64[M]') | array(['2026-01-01'], 'M8[D]').astype(int) | array(['2026-01-01'], 'M8[s]').astype('int64') | timedelta64(5, 'D') // np.timedelta64(2, 'D') | timedelta64(5, 'D') * np.int64(2) | is_busday('2026-01-01')
strings.str_len(['a', 'bc']) | strings.find(['abc'], 'c') | strings.count(['aa'], 'a') | strings.index(['abc'], 'b') | strings.multiply(['a'], 3) | strings.center(['a'], 3) | char.count(['aa'], 'a') | char.str_len(['abc']) | char.rfind(['abca'], 'a') | strings.startswith(['abc'], 'a') | strings.upper(['a']) | char.multiply(['a'], np.array([2]))
ma.array([1, 2], mask=[0, 1]).sum() | ma.masked_greater([1, 5], 3).filled(0) | ma.arange(3).data | ma.count(np.ma.array([1, 2], mask=[0, 1])) | ma.argsort(np.ma.array([2, 1])) | ma.median([1, 2, 3]) | rec.fromarrays([[1, 2], [3.5, 4.5]]).dtype[0] | rec.array([(1, 2.0)])['f0'] | matrix([[1, 2], [3, 4]]) * 10**6 | matrix([[1, 2]]).sum(axis=0)
random.default_rng(1).integers(0, 10, 3) | random.default_rng(1).integers(0, 2**40) | random.default_rng(1).integers(0, 9, 3, dtype=int) | random.default_rng(1).integers(0, 9, dtype=np.int32) | random.default_rng(1).choice(9, 3) | random.default_rng(1).choice([4, 5, 6], 2, replace=False) | random.default_rng(1).permutation(4) | random.default_rng(1).poisson(3, 3) | random.default_rng(1).binomial(9, 0.5, 3) | random.default_rng(1).binomial(np.array([3, 4]), 0.5) | random.default_rng(1).geometric(0.2, 3) | random.default_rng(1).multinomial(9, [0.5, 0.5]) | random.default_rng(1).hypergeometric(5, 5, 3, 2) | random.default_rng(1).negative_binomial(3, 0.5, 2) | random.default_rng(1).zipf(3, 2) | random.default_rng(1).logseries(0.5, 2) | random.default_rng(1).multivariate_hypergeometric([3, 4], 2) | random.default_rng(1).normal(size=2) | random.default_rng(1).permuted([1, 2, 3]) | random.SeedSequence(1).generate_state(2)
RS.randint(0, 10, 3) | RS.randint(10**10) | RS.randint(0, 100, 3, dtype='int64') | RS.randint(5) | RS.randint(0, 2, dtype=bool) | RS.randint([1, 5], [10, 20]) | RS.randint(0, 9, 3, dtype=int) | RS.randint(0, 9, 3, dtype=np.int32) | RS.randint(np.int64(7)) | RS.random_integers(5) | RS.choice(9, 3) | RS.choice([4, 5], 2) | RS.choice(5, 3, replace=False) | RS.choice(3, 2, p=[0.2, 0.3, 0.5]) | RS.permutation(4) | RS.permutation([1, 2]) | RS.poisson(3, 3) | RS.poisson(3) | RS.poisson(1e8) | RS.binomial(9, 0.5, 3) | RS.binomial(9, 0.5) | RS.binomial(np.array([3, 4], 'int64'), 0.5) | RS.binomial([3, 4], [0.1, 0.9]) | RS.geometric(0.2, 3) | RS.negative_binomial(3, 0.5, 2) | RS.multinomial(9, [0.5, 0.5]) | RS.multinomial(9, [0.5, 0.5], 2) | RS.hypergeometric(5, 5, 3, 2) | RS.hypergeometric(np.array([5, 6]), 5, 3) | RS.zipf(3, 2) | RS.logseries(0.5, 2) | RS.tomaxint() | RS.bytes(3) | RS.rand(2) | RS.randn(2) | RS.shuffle(ar(3)) | RS.dirichlet([1, 2]) | RS.get_state()[1][:2] | RS.normal(size=2) | RS.uniform(1, 2, 2) | RS.exponential(1, 2) | RS.gamma(2, 1, 2)
"""


def ar(n):
    return np.arange(n)


def expressions():
    for text in EXPRESSIONS.replace("\n", " | ").split(" | "):
        text = text.strip()
        if not text:
            continue
        changed = text.startswith(("put(", "put_along_axis(", "place(", "add.at("))
        source = text if text.startswith(("RS.", "repr(")) else "np." + text
        if changed:  # returns nothing: what it did to its first argument
            source = source.replace("ar(5)", "a", 1).replace("ar(4)", "a", 1)
        names = {"np": np, "ar": ar, "RS": np.random.RandomState(7), "a": np.arange(5) if "ar(5)" in text else np.arange(4)}

        def call():
            result = eval(source, names)
            return names["a"] if changed else result

        tell(text, call)


def indices():
    """What wants indices, given them in every type; what wants none of these refuses them alike."""
    values = {"list": [0, 1, 1]} | {kind: np.array([0, 1, 1], kind) for kind in ("int8", "uint8", "int16", "int32", "uint32", "int64", "uint64", ">i8", "float64", "bool")}
    values["far"] = np.array([0, 2**33, 1])
    values["strided"] = np.array([0, 5, 1, 5, 1, 5])[::2]
    base = np.array([10, 20, 30])
    calls = {
        "take": lambda i: np.take(base, i), "index": lambda i: base[i], "repeat": lambda i: np.repeat(base, i),
        "choose": lambda i: np.choose(i, [base, base, base]), "put": lambda i: (c := base.copy(), np.put(c, i, 9))[0],
        "bincount": lambda i: np.bincount(i), "reduceat": lambda i: np.add.reduceat(base, i), "unravel": lambda i: np.unravel_index(i, (2, 2)),
        "ravel": lambda i: np.ravel_multi_index((i, i), (2, 2)), "at": lambda i: (c := base.copy(), np.add.at(c, i, 1))[0],
        "assign": lambda i: (c := base.copy(), c.__setitem__(i, 7))[0], "split": lambda i: np.split(base, i),
        "delete": lambda i: np.delete(base, i), "insert": lambda i: np.insert(base, i, 0), "along": lambda i: np.take_along_axis(base, i, 0),
        "binomial": lambda i: np.random.RandomState(1).binomial(i, 0.5), "hypergeometric": lambda i: np.random.RandomState(1).hypergeometric(i, 3, 2),
        "negative": lambda i: np.random.RandomState(1).negative_binomial(i + 1, 0.5), "poisson": lambda i: np.random.RandomState(1).poisson(i),
        "randint": lambda i: np.random.RandomState(1).randint(0, i + 1), "generator": lambda i: np.random.default_rng(1).binomial(i, 0.5),
        "integers": lambda i: np.random.default_rng(1).integers(0, i + 1), "sorter": lambda i: np.searchsorted(base, 20, sorter=i),
        "partition": lambda i: np.partition(base, i), "roll": lambda i: np.roll(base, i), "reshape": lambda i: base.reshape(i[1:]),
        "zeros": lambda i: np.zeros(i), "pad": lambda i: np.pad(base, i[:2]), "digitize": lambda i: np.digitize(i, [1]),
        "compress": lambda i: np.compress(i, base), "argmax out": lambda i: np.argmax([[1, 2, 3]] * 2, axis=0, out=i.copy()),
    }
    for (name, call), (kind, value) in itertools.product(calls.items(), values.items()):
        if not (kind == "far" and name in ("repeat", "bincount", "zeros", "pad", "insert", "binomial", "generator", "randint")):
            tell(f"{name} by {kind}", lambda: call(value))


ufuncs()
of_one()
expressions()
indices()
