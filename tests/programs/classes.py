# Programs of one subject; a line `#%% NAME` begins each, `#%% NAME (whole)` one that is not cut into runs of a session.
#%% bank account
class InsufficientFunds(Exception):
    def __init__(self, needed, have):
        super().__init__(f"need {needed}, have {have}")
        self.needed = needed
class Account:
    def __init__(self, owner, balance=0):
        self.owner, self.balance = owner, balance
    def withdraw(self, amount):
        if amount > self.balance:
            raise InsufficientFunds(amount, self.balance)
        self.balance -= amount
        return self
    def __repr__(self):
        return f"Account({self.owner!r}, {self.balance})"
a = Account("Ann", 100)
print(a.withdraw(30), InsufficientFunds(1, 2), repr(InsufficientFunds(1, 2)), InsufficientFunds.__module__)
a.withdraw(500)
#%% vectors with operators
class Vec:
    __slots__ = ("x", "y")
    def __init__(self, x, y): self.x, self.y = x, y
    def __add__(self, o): return Vec(self.x + o.x, self.y + o.y) if isinstance(o, Vec) else NotImplemented
    def __mul__(self, k): return Vec(self.x * k, self.y * k)
    __rmul__ = __mul__
    def __eq__(self, o): return (self.x, self.y) == (o.x, o.y)
    def __hash__(self): return hash((self.x, self.y))
    def __bool__(self): return bool(self.x or self.y)
    def __iter__(self): yield from (self.x, self.y)
    def __repr__(self): return f"Vec({self.x}, {self.y})"
v = 2 * Vec(1, 2) + Vec(0, 1)
print(v, tuple(v), bool(Vec(0, 0)), v == Vec(2, 5), len({v, Vec(2, 5)}))
try:
    v.z = 1
except AttributeError as e:
    print(type(e).__name__)
v + 1
#%% inheritance and mro
class A:
    def hi(self): return ["A"]
class B(A):
    def hi(self): return ["B"] + super().hi()
class C(A):
    def hi(self): return ["C"] + super().hi()
class D(B, C):
    def hi(self): return ["D"] + super().hi()
print(D().hi(), [c.__name__ for c in D.__mro__], D.__bases__, issubclass(D, A), D.hi.__qualname__)
try:
    class E(A, B): pass
except TypeError as e:
    print(str(e)[:41])
D
#%% properties and descriptors
class Positive:
    def __set_name__(self, owner, name): self.name = "_" + name
    def __get__(self, obj, kind=None): return self if obj is None else getattr(obj, self.name)
    def __set__(self, obj, value):
        if value <= 0:
            raise ValueError(f"{self.name[1:]} must be positive, got {value}")
        setattr(obj, self.name, value)
class Box:
    width = Positive()
    height = Positive()
    def __init__(self, w, h): self.width, self.height = w, h
    @property
    def area(self): return self.width * self.height
    @area.setter
    def area(self, value): self.width = value / self.height
b = Box(2, 3)
b.area = 12
print(b.width, b.area, vars(b))
b.height = -1
#%% abstract classes
from abc import ABC, abstractmethod
class Shape(ABC):
    @abstractmethod
    def area(self): ...
    @classmethod
    def unit(cls): return cls(1)
class Square(Shape):
    def __init__(self, s): self.s = s
    def area(self): return self.s ** 2
print(Square.unit().area(), Shape.__abstractmethods__, isinstance(Square(1), Shape))
@Shape.register
class Odd: pass
print(issubclass(Odd, Shape))
try:
    Shape()
except TypeError as e:
    print("TypeError" in repr(e))
#%% metaclasses
class Registry(type):
    classes = {}
    def __new__(mcls, name, bases, ns, **kw):
        cls = super().__new__(mcls, name, bases, ns)
        mcls.classes[name] = kw
        return cls
    def __call__(cls, *a):
        print("making", cls.__name__)
        return super().__call__(*a)
class Base(metaclass=Registry, tag="base"): pass
class Child(Base, tag="child"): pass
Child()
print(Registry.classes, type(Child).__name__, type("Dyn", (), {"x": 1})().x)
class Plugin:
    found = []
    def __init_subclass__(cls, /, name=None, **kw):
        super().__init_subclass__(**kw)
        Plugin.found.append((cls.__name__, name))
class P1(Plugin, name="one"): pass
Plugin.found
#%% dataclasses
from dataclasses import dataclass, field, asdict, astuple, replace, fields
@dataclass(order=True)
class Item:
    price: float
    name: str = field(compare=False)
    tags: list = field(default_factory=list, repr=False, compare=False)
    @property
    def label(self): return f"{self.name}: {self.price:.2f}"
a, b = Item(2.5, "tea"), Item(1.0, "milk", ["cold"])
print(a, sorted([a, b]), a > b, asdict(b), astuple(a), replace(a, price=9), [f.name for f in fields(Item)], a.label)
@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0
    def __post_init__(self):
        if self.x < 0: raise ValueError("x")
print({Point(1): "p"}[Point(1, 0)], Point(1, 2))
Point(1).x = 5
#%% dataclass inheritance
from dataclasses import dataclass, field, KW_ONLY, InitVar
@dataclass
class Animal:
    name: str
    legs: int = 4
@dataclass(kw_only=True, slots=True)
class Dog(Animal):
    breed: str
    age: InitVar[int] = 1
    born: int = field(init=False)
    def __post_init__(self, age): self.born = 2024 - age
print(Dog("Rex", breed="lab", age=3), Dog.__match_args__)
match Dog("Rex", breed="lab"):
    case Animal(name=n, legs=4): print("four legs", n)
try:
    @dataclass
    class Bad:
        x: list = []
except ValueError as e:
    print(e)
#%% local class repr
from dataclasses import dataclass
def make():
    @dataclass
    class Inner:
        v: int
    return Inner
i = make()(1)
print(i, type(i).__qualname__, type(i).__module__, make, type(i))  if False else print(i, type(i).__qualname__, type(i).__module__)
class Outer:
    @dataclass
    class Nested:
        v: int
print(Outer.Nested(3), Outer.Nested)
#%% enums
from enum import Enum, IntEnum, Flag, auto, unique, StrEnum
class Color(Enum):
    RED = 1
    GREEN = "g"
    CRIMSON = 1
    def describe(self): return f"{self.name}={self.value}"
print(Color.RED, repr(Color.GREEN), Color(1), Color["GREEN"], list(Color), Color.CRIMSON is Color.RED, Color.RED.describe(), Color.__members__.keys())
class Level(IntEnum):
    LOW = auto(); HIGH = auto()
class Perm(Flag):
    R = auto(); W = auto(); X = auto()
print(Level.HIGH > 1, f"{Level.LOW}", Perm.R | Perm.X, Perm.W in Perm.R | Perm.W, Perm(0), ~Perm.R)
class S(StrEnum):
    FOO = auto()
print(S.FOO, f"{S.FOO}", S("foo") == "foo", {Color.RED: 1})
Color(99)
#%% context manager class
class Managed:
    def __init__(self, name, swallow=False): self.name, self.swallow = name, swallow
    def __enter__(self):
        print("enter", self.name)
        return self
    def __exit__(self, kind, value, tb):
        print("exit", self.name, kind.__name__ if kind else None, value)
        return self.swallow
with Managed("a"), Managed("b", swallow=True) as b:
    raise KeyError("inside")
print("after")
with Managed("c"):
    1 / 0
#%% attribute magic
class Proxy:
    def __init__(self, target): object.__setattr__(self, "_t", target)
    def __getattr__(self, name):
        print("get", name)
        return getattr(self._t, name)
    def __setattr__(self, name, value):
        print("set", name, value)
        setattr(self._t, name, value)
    def __delattr__(self, name):
        print("del", name)
    def __call__(self, *a, **k): return a, k
    def __getitem__(self, key): return key
    def __contains__(self, x): return x == 42
class T: y = 1
p = Proxy(T())
p.x = 5
del p.gone
print(p.x, p.y, p(1, a=2), p[1:2, ...], 42 in p, hasattr(p, "nope"))
p.missing
#%% class and static methods
class Pizza:
    count = 0
    def __init__(self, *toppings):
        self.toppings = toppings
        type(self).count += 1
    @classmethod
    def margherita(cls): return cls("mozzarella", "tomato")
    @staticmethod
    def area(r): return round(3.14159 * r * r, 2)
    def __str__(self): return f"Pizza with {' and '.join(self.toppings)}"
print(Pizza.margherita(), Pizza.area(3), Pizza.count, Pizza.area, sep="\n") if False else print(Pizza.margherita(), Pizza.area(3), Pizza.count)
Pizza.margherita
#%% singletons and weak references
import weakref, gc
class Single:
    _it = None
    def __new__(cls):
        if cls._it is None:
            cls._it = super().__new__(cls)
        return cls._it
print(Single() is Single())
class Node:
    def __init__(self, n): self.n = n
    def __del__(self): print("gone", self.n)
n = Node(1)
r = weakref.ref(n)
f = weakref.finalize(n, print, "finalized")
d = weakref.WeakValueDictionary(k=n)
print(r() is n, len(d), f.alive)
del n
gc.collect()
print(r(), len(d), f.alive)
#%% finalizers at the end (whole)
class Loud:
    def __init__(self, name): self.name = name
    def __del__(self): print("del", self.name)
a = Loud("a")
b = Loud("b")
def f():
    c = Loud("c")
    print("in f")
f()
del a
print("end")
#%% comparison and hashing errors
class A:
    def __eq__(self, o): return True
try:
    hash(A())
except TypeError as e:
    print(e)
try:
    sorted([1, "a", None])
except TypeError as e:
    print(e)
class B:
    def __lt__(self, o): raise RuntimeError("no order")
    def __repr__(self): return "B"
max([B(), B()], key=lambda b: 1), min([B()])
sorted([B(), B()])
#%% pattern matching
def act(command):
    match command.split():
        case ["go", ("north" | "south") as d]: return f"going {d}"
        case ["get", item, *rest] if not rest: return f"got {item}"
        case ["quit"]: return "bye"
        case []: return "nothing"
        case _: return f"what? {command!r}"
print([act(c) for c in ("go north", "get lamp", "get a b", "quit", "", "dance now")])
def kind(x):
    match x:
        case {"type": "point", "at": [x, y], **rest}: return f"point {x},{y} {rest}"
        case int() | float(): return "number"
        case str(s) if s.isupper(): return "shout"
        case (a, b): return "pair"
        case None: return "none"
print([kind(x) for x in ({"type": "point", "at": (1, 2), "z": 0}, 3, "HI", [1, 2], None, "no")])
#%% typing at run time
from typing import NamedTuple, TypedDict, Protocol, runtime_checkable, get_type_hints, Optional, Union, Literal, Generic, TypeVar, get_args, get_origin, Any
class Emp(NamedTuple):
    name: str
    id: int = 3
class Movie(TypedDict, total=False):
    title: str
@runtime_checkable
class HasLen(Protocol):
    def __len__(self) -> int: ...
T = TypeVar("T")
class Stack(Generic[T]):
    def __init__(self): self.items: list[T] = []
    def push(self, x: T) -> None: self.items.append(x)
print(Emp("x"), Movie(title="m"), isinstance([], HasLen), isinstance(3, HasLen), get_args(dict[str, int]), get_origin(list[int]), list[int], Literal["a", 1])
def f(a: int, b: "str" = "x") -> list[int]: ...
print(get_type_hints(f), Stack[int].__origin__.__name__, T)
Stack[int]().push("anything goes")
#%% name mangling and introspection
class A:
    """Doc of A."""
    __secret = 1
    def __hidden(self): return self.__secret
    def public(self, a, /, b, *, c=3): return self.__hidden()
import inspect
a = A()
print(a._A__secret, a.public(1, 2), [n for n in dir(A) if "A__" in n], inspect.signature(A.public), inspect.getdoc(A), callable(a))
print(inspect.isclass(A), inspect.getmembers(A, inspect.isfunction)[1][0], A.public.__code__.co_varnames, A.public.__kwdefaults__)
#%% context by contextvars and slots errors
class Point:
    __slots__ = ("x",)
p = Point()
for act in ("p.x", "p.y", "setattr(p, 'y', 1)", "p.__dict__", "del p.x", "Point.x.__get__(3)"):
    try:
        exec(act)
    except (AttributeError, TypeError) as e:
        print(act, type(e).__name__)
print(Point.__slots__, hasattr(p, "x"))
#%% iterating over own container with slices
class Deck:
    def __init__(self): self.cards = [r + s for s in "SH" for r in "A23"]
    def __len__(self): return len(self.cards)
    def __getitem__(self, i): return self.cards[i]
    def __setitem__(self, i, v): self.cards[i] = v
    def __delitem__(self, i): del self.cards[i]
    def __reversed__(self): return iter(self.cards[::-1])
d = Deck()
d[0] = "XX"; del d[1]
print(len(d), d[-1], d[1:3], "XX" in d, list(reversed(d))[0], [c for c in d], sorted(d)[:2])
import random
random.seed(5); random.shuffle(d)
print(d.cards)
d[99]
#%% annotations of the future
from __future__ import annotations
from dataclasses import dataclass, fields
@dataclass
class Node:
    value: int
    next: Node | None = None
print(Node(1, Node(2)), [f.type for f in fields(Node)])
def f(x: Unknown) -> Missing: return x
print(f.__annotations__, f(3))
