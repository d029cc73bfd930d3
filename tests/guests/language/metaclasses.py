class Registry(type):
    classes = {}

    @classmethod
    def __prepare__(mcs, name, bases, **kw):
        return {"_order": []}

    def __new__(mcs, name, bases, ns, tag=None):
        ns["fields"] = [k for k, v in ns.items() if isinstance(v, int) and k[0] != "_"]
        cls = super().__new__(mcs, name, bases, dict(ns))
        if tag:
            mcs.classes[tag] = cls
        return cls

    def __init__(cls, name, bases, ns, tag=None):
        super().__init__(name, bases, ns)

    def __call__(cls, *args):
        obj = super().__call__(*args)
        obj.created_by = cls.__name__
        return obj

    def __len__(cls):
        return len(cls.fields)


class Base(metaclass=Registry):
    def __init__(self, v=0):
        self.v = v


class Cfg(Base, tag="cfg"):
    zeta = 1
    alpha = 2


Dyn = Registry("Dyn", (Base,), {"k": 3}, tag="dyn")
print(sorted(Registry.classes), Cfg.fields, len(Cfg), len(Dyn))
c = Registry.classes["cfg"](7)
print(c.v, c.created_by, type(Cfg).__name__, isinstance(Dyn(), Base))
