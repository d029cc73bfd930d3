from enum import Enum, IntEnum, Flag, auto, unique

class Color(Enum):
    RED = 1
    GREEN = 2
    CRIMSON = 1

    @property
    def hexcode(self):
        return {1: "#f00", 2: "#0f0"}[self.value]

class Level(IntEnum):
    LOW = auto()
    MID = auto()
    HIGH = 10

class Perm(Flag):
    R = auto()
    W = auto()
    X = auto()
    RW = R | W

print(list(Color), Color.CRIMSON is Color.RED, Color(2).name, Color["RED"].hexcode)
print(sorted([Level.HIGH, Level.LOW, Level.MID], reverse=True)[0].name, Level.MID + 1, Level(10) > 5)
p = Perm.R | Perm.X
print(Perm.R in p, Perm.W in p, p.value, (p & Perm.RW) == Perm.R, Perm.RW.name, (~p).name)
print(sorted(Color.__members__), [m.value for m in Level])
try:
    Color(9)
except ValueError as e:
    print(e)
try:
    @unique
    class Dup(Enum):
        A = 1
        B = 1
except ValueError as e:
    print("dup", "B -> A" in str(e))
Planet = Enum("Planet", ["EARTH", "MARS"])
print(Planet.MARS.value, hash(Planet.EARTH) == hash(Planet["EARTH"]))
