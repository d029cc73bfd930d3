import abc
import types
from collections.abc import Mapping, MutableSequence, Iterable, Hashable, Sized

class Store(abc.ABC):
    @abc.abstractmethod
    def get(self, k): ...
    @property
    @abc.abstractmethod
    def size(self): ...
    @classmethod
    def __subclasshook__(cls, other):
        return True if hasattr(other, "fake_store") else NotImplemented

class Mem(Store):
    def get(self, k): return k * 2
    size = 3

class Evens(Mapping):
    def __init__(self, n): self.n = n
    def __getitem__(self, k):
        if isinstance(k, int) and 0 <= k < self.n: return k * 2
        raise KeyError(k)
    def __iter__(self): return iter(range(self.n))
    def __len__(self): return self.n

try:
    Store()
except TypeError:
    print("abstract", sorted(Store.__abstractmethods__))
print(Mem().get(4), isinstance(type("F", (), {"fake_store": 1})(), Store))
e = Evens(3)
print(dict(e), 2 in e, e.get(9, "none"), list(e.items()), e == {0: 0, 1: 2, 2: 4})
print(isinstance([], MutableSequence), isinstance("s", Iterable), isinstance([], Hashable), issubclass(dict, Sized))
ns = types.SimpleNamespace(a=1); ns.b = [2]
print(ns, types.SimpleNamespace(a=1, b=[2]) == ns, types.MappingProxyType({"x": 1})["x"])
K = types.new_class("K", (Mem,), {}, lambda d: d.update(tag="dyn"))
print(K().tag, K.__mro__[1].__name__, isinstance(len, types.BuiltinFunctionType), types.NoneType is type(None))
m = types.ModuleType("m", "doc"); exec("y = 6 * 7", m.__dict__)
print(m.y, m.__doc__, isinstance(lambda: 0, types.FunctionType), types.MethodType(lambda s, k: (s, k), "me")(3))
