# SPDX-License-Identifier: Apache-2.0
"""numpy's names of the machine's integers, which have 32 bits here and 64 on the desktops that programs are written for.

Which of the two a name means depends on who asks, as it does for the default integer: patch/integers.wat answers, where numpy looks a
type's name up."""

import functools
import sys
from importlib.machinery import PathFinder

_DEFAULTS = frozenset(("int_", "uint", "long", "ulong"))
_LIBRARY = "/usr/local/lib/"
# numpy's own code, and what makes samples for the program.
_PROGRAMS = _LIBRARY + "python315.zip/numpy/", _LIBRARY + "python315.zip/sklearn/datasets/"
_INDICES = frozenset(("intp", "uintp"))


def _is_library(file):
    return file.startswith(_LIBRARY) and not file.startswith(_PROGRAMS)


def _fit_numpy(numpy):
    """numpy's own code imports these names from elsewhere: only who asks the module itself comes here."""
    dtype = numpy.dtype
    otherwise = numpy.__getattr__
    machines = {name: getattr(numpy, name) for name in _DEFAULTS | _INDICES}
    frame = sys._getframe

    def __getattr__(name):
        if name not in machines:
            return otherwise(name)
        code = frame(1).f_code
        # Compiled code, which means the machine's, has no frame: the one here belongs to its caller, and does not have the name.
        if name not in code.co_names or name in _INDICES and _is_library(code.co_filename):
            return machines[name]
        return dtype(name).type

    for name in machines:
        delattr(numpy, name)
    numpy.__getattr__ = __getattr__
    # Arrays of these types are shown without it.
    shown = sys.modules["numpy._core.arrayprint"]._typelessdata
    shown[shown.index(machines["int_"])] = numpy.int64
    # The types that are tried for a column of text: int64 comes next.
    tried = sys.modules["numpy.lib._iotools"].StringConverter._mapper
    tried[:] = [each for each in tried if each[0] is not machines["int_"]]


def _fit_pandas(pandas):
    """Indices that pandas finds are the machine's, for its own compiled code. A program gets them wide."""
    for name in ("factorize", "cut", "qcut"):
        setattr(pandas, name, _widened(getattr(pandas, name)))
    for owner, names in (
        (pandas.Series, ("argsort", "factorize", "searchsorted")),
        (pandas.Index, ("argsort", "factorize", "get_indexer", "get_indexer_for", "searchsorted")),
    ):
        for name in names:
            setattr(owner, name, _widened(getattr(owner, name)))


def _widened(function):
    numpy = sys.modules["numpy"]
    intp, int64 = numpy.dtype("i4"), numpy.dtype("i8")
    frame = sys._getframe

    @functools.wraps(function)
    def wide(*args, **kwargs):
        result = function(*args, **kwargs)
        if frame(1).f_code.co_filename.startswith(_LIBRARY):
            return result
        if type(result) is tuple:
            return (wider(result[0]), *result[1:])
        return wider(result)

    def wider(values):
        return values.astype(int64) if getattr(values, "dtype", None) == intp else values

    return wide


def _fit_compiled(name, file):
    """For a module whose compiled function `name` makes an array of the default integer and takes it for one of the machine's
    indices: it is called from code of a library's file, so that this holds."""

    def fit(module):
        function = getattr(module, name)
        code = compile("lambda *args, **kwargs: function(*args, **kwargs)", _LIBRARY + "python315.zip/" + file, "eval")
        setattr(module, name, functools.update_wrapper(eval(code, {"function": function}), function))

    return fit


_FITS = {
    "numpy": _fit_numpy,
    "pandas": _fit_pandas,
    "scipy.sparse.csgraph": _fit_compiled("reverse_cuthill_mckee", "scipy/sparse/csgraph/__init__.py"),
    "sklearn.utils.random": _fit_compiled("sample_without_replacement", "sklearn/utils/random.py"),
}


class _Loader:
    """A library's own, and then what fits the library."""

    def __init__(self, loader):
        self._loader = loader

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def exec_module(self, module):
        module.__loader__ = module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        _FITS.pop(module.__name__)(module)
        if not _FITS:
            sys.meta_path.remove(_Finder)


class _Finder:
    """Finds each library once."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in _FITS:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None:
            spec.loader = _Loader(spec.loader)
        return spec


sys.meta_path.insert(0, _Finder)
