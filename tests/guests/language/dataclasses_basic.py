from dataclasses import dataclass, field, asdict, astuple, replace, fields, FrozenInstanceError


@dataclass(order=True)
class Item:
    price: float
    name: str = field(compare=False)
    tags: list = field(default_factory=list, compare=False, repr=False)

    def __post_init__(self):
        self.name = self.name.title()


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 0


items = [Item(3.5, "pen"), Item(1.25, "clip", ["metal"]), Item(2.0, "pad")]
for it in sorted(items):
    print(it)
print(asdict(items[1]))
print(astuple(items[0]), items[0].tags is not items[2].tags)
p = Point(1, 2)
print(p, replace(p, y=9), hash(p) == hash(Point(1, 2)), p == Point(1, 2))
try:
    p.x = 5
except FrozenInstanceError as e:
    print(type(e).__name__, e)
print([(f.name, f.type.__name__) for f in fields(Point)], hasattr(p, "__dict__"))
print(max(items).name, Item(1, "a") < Item(2, "A"))
