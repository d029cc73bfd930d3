import inspect

class Base:
    """Base doc."""
    def method(self, a, *, b=2): """Method doc."""
    @classmethod
    def make(cls, n: int) -> "Base": return cls()
    @property
    def prop(self): return 1

class Child(Base):
    def method(self, a, *, b=2): return a + b

def f(p, /, a: int, b: str = "x", *args, c, d=None, **kw) -> bool: return True
def gen(): yield 1
async def co(): return 1

sig = inspect.signature(f)
print(sig)
print([(n, p.kind.name) for n, p in sig.parameters.items()])
ba = sig.bind(1, 2, c=3, z=4)
ba.apply_defaults()
print(ba.arguments, ba.args, ba.kwargs)
try:
    sig.bind(1)
except TypeError as e:
    print(e)
print(sig.replace(return_annotation=inspect.Signature.empty, parameters=list(sig.parameters.values())[:2]))
print(inspect.signature(Child.make), inspect.signature(Child().method))
print(inspect.getdoc(Child.method), [n for n, _ in inspect.getmembers(Child, inspect.isfunction)])
print(inspect.isgeneratorfunction(gen), inspect.iscoroutinefunction(co), inspect.isclass(Base), inspect.isbuiltin(len))
g = gen(); print(inspect.getgeneratorstate(g)); next(g); print(inspect.getgeneratorstate(g))
def outer():
    secret = 7
    return inspect.currentframe().f_code.co_name, sorted(inspect.currentframe().f_locals), inspect.stack()[1].function
print(outer(), [c.__name__ for c in inspect.getmro(Child)])
k = 5
print(inspect.getclosurevars(lambda: k).globals, inspect.unwrap(f) is f, inspect.getmodule(inspect).__name__)
