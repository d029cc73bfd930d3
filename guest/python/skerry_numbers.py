# SPDX-License-Identifier: Apache-2.0
"""numpy's names of the machine's integers, which have 32 bits here and 64 on the desktops that programs are written for.

Which of the two a name means depends on who asks, as it does for the default integer: numbers.wat answers, where numpy looks a
type's name up."""

import sys
from importlib.machinery import PathFinder

_DEFAULTS = frozenset(("int_", "uint", "long", "ulong"))
_LIBRARY = "/usr/local/lib/"
_NUMPY = _LIBRARY + "python315.zip/numpy/"
_INDICES = frozenset(("intp", "uintp"))


def _is_library(file):
    return file.startswith(_LIBRARY) and not file.startswith(_NUMPY)


def _fit(numpy):
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


class _Loader:
    """numpy's own, and then `_fit`."""

    def __init__(self, loader):
        self._loader = loader

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def exec_module(self, module):
        module.__loader__ = module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        _fit(module)


class _Finder:
    """Finds numpy, once."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "numpy":
            return None
        sys.meta_path.remove(_Finder)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None:
            spec.loader = _Loader(spec.loader)
        return spec


sys.meta_path.insert(0, _Finder)
