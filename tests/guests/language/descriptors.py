class Positive:
    def __set_name__(self, owner, name):
        self.name = "_" + name
        print("set_name", owner.__name__, name)
    def __get__(self, obj, owner=None):
        return self if obj is None else getattr(obj, self.name)
    def __set__(self, obj, value):
        if value <= 0:
            raise ValueError(f"{self.name[1:]} must be positive, not {value}")
        setattr(obj, self.name, value)

class Lazy:
    def __init__(self, fn):
        self.fn = fn
    def __get__(self, obj, owner=None):
        print("computing", self.fn.__name__)
        v = obj.__dict__[self.fn.__name__] = self.fn(obj)
        return v

class Box:
    w = Positive()
    h = Positive()
    def __init__(self, w, h):
        self.w, self.h = w, h
    @Lazy
    def area(self):
        return self.w * self.h

b = Box(3, 4)
print(b.area, b.area, sorted(vars(b)), type(Box.w).__name__)
for bad in (0, -2):
    try:
        b.h = bad
    except ValueError as e:
        print(e)
b.h = 10
print(b.area, b.h, b.w)
