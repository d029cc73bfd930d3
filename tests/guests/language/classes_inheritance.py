class Shape:
    count = 0

    def __init__(self, name):
        self.name = name
        Shape.count += 1

    def area(self):
        raise NotImplementedError

    def describe(self):
        return f"{self.name}: {self.area():.2f}"


class Rect(Shape):
    def __init__(self, w, h, name="rect"):
        super().__init__(name)
        self.w, self.h = w, h

    def area(self):
        return self.w * self.h


class Square(Rect):
    def __init__(self, side):
        super().__init__(side, side, "square")


class A(Square): pass
class B(Square): pass
class C(A, B): pass

for s in (Rect(2, 3.5), Square(4), C(1.5)):
    print(s.describe(), isinstance(s, Rect), type(s).__name__)
print(Shape.count, [k.__name__ for k in C.__mro__])
try:
    Shape("abstract").describe()
except NotImplementedError as e:
    print("not implemented", e.args)
print(issubclass(C, Shape), Shape.count, C.__bases__ == (A, B))
