class Temperature:
    __slots__ = ("_c",)
    def __init__(self, celsius):
        self.celsius = celsius
    @property
    def celsius(self):
        return self._c
    @celsius.setter
    def celsius(self, v):
        if v < -273.15:
            raise ValueError("below absolute zero")
        self._c = float(v)
    @celsius.deleter
    def celsius(self):
        self._c = 0.0
    @property
    def fahrenheit(self):
        return self._c * 9 / 5 + 32
    @classmethod
    def from_f(cls, f):
        return cls((f - 32) * 5 / 9)
    @staticmethod
    def is_valid(v):
        return v >= -273.15

t = Temperature.from_f(212)
print(t.celsius, t.fahrenheit, Temperature.is_valid(-300))
for attr, value in (("celsius", -400), ("fahrenheit", 1), ("color", "red")):
    try:
        setattr(t, attr, value)
    except (ValueError, AttributeError) as e:
        print(attr, type(e).__name__)
del t.celsius
print(t.celsius, hasattr(t, "__dict__"), Temperature.__slots__)
