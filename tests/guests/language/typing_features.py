from typing import (Generic, TypeVar, Protocol, NamedTuple, TypedDict, Literal, Annotated,
                    get_type_hints, get_args, get_origin, runtime_checkable, Callable, cast)

T = TypeVar("T")

class Stack(Generic[T]):
    def __init__(self) -> None:
        self.items: list[T] = []

    def push(self, x: T) -> None:
        self.items.append(x)

@runtime_checkable
class Closer(Protocol):
    def close(self) -> None: ...

class File:
    def close(self): pass

class Emp(NamedTuple):
    name: str
    id: int = 7

class Movie(TypedDict, total=False):
    title: str
    year: int

def f(a: int, b: "str" = "x") -> dict[str, list[int]]: ...

s = Stack[int](); s.push(3)
print(s.items, Stack.__parameters__ == (T,), get_args(Stack[int]) == (int,))
print(isinstance(File(), Closer), isinstance(3, Closer))
print(Emp("a"), Emp("b", 2)._asdict(), Emp._fields)
print(sorted(Movie.__annotations__), Movie(title="X"), Movie.__total__)
h = get_type_hints(f)
print(h["a"], h["b"], get_origin(h["return"]), get_args(h["return"]))
print(get_args(Literal["r", "w"]), get_args(Annotated[int, "meta"]), get_args(int | str))
print(get_origin(Callable[[int], str]).__name__, cast(int, "5") + "!")
