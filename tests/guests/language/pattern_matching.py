from dataclasses import dataclass


@dataclass
class Move:
    dx: int
    dy: int


class Quit:
    pass


def handle(cmd):
    match cmd:
        case Move(0, 0):
            return "stay"
        case Move(dx=0, dy=d) if d > 0:
            return f"up {d}"
        case Move(dx, dy):
            return f"move {dx},{dy}"
        case {"op": "add" | "plus" as op, "args": [int(a), int(b)], **rest}:
            return f"{op}={a + b} rest={sorted(rest)}"
        case [first, *middle, last]:
            return f"seq {first}..{last} ({len(middle)} between)"
        case Quit():
            return "quit"
        case None | True | False:
            return f"const {cmd}"
        case str() as s if s.isdigit():
            return f"digits {int(s)}"
        case int(n) | float(n):
            return f"number {n}"
        case _:
            return f"other {type(cmd).__name__}"


for c in [Move(0, 0), Move(0, 7), Move(3, -1), {"op": "plus", "args": [2, 3], "id": 1},
          {"op": "mul", "args": [2, 3]}, [1, 2, 3, 4], ("a", "b"), [1], Quit(), None, True, "42", "x", 2.5]:
    print(handle(c))
