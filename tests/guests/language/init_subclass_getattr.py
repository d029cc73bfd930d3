class Plugin:
    registry = {}

    def __init_subclass__(cls, /, key=None, **kw):
        super().__init_subclass__(**kw)
        Plugin.registry[key or cls.__name__.lower()] = cls

    def __class_getitem__(cls, item):
        return f"{cls.__name__}[{item}]"


class Csv(Plugin): pass
class Json(Plugin, key="js"): pass


class Proxy:
    def __init__(self, target):
        object.__setattr__(self, "_t", target)
        object.__setattr__(self, "_log", [])

    def __getattr__(self, name):
        self._log.append("get " + name)
        return getattr(self._t, name)

    def __setattr__(self, name, value):
        self._log.append(f"set {name}")
        self._t.__dict__[name] = value

    def __delattr__(self, name):
        self._log.append(f"del {name}")
        del self._t.__dict__[name]

p = Proxy(Csv())
p.size = 3
print(p.size + 1)
del p.size
print(hasattr(p, "size"), p._log)
print(sorted(Plugin.registry), Plugin["int"], Json["x"])
