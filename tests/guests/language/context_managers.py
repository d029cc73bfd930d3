from contextlib import contextmanager, ExitStack, suppress

class Tx:
    def __init__(self, name, swallow=()):
        self.name, self.swallow = name, swallow

    def __enter__(self):
        print("begin", self.name)
        return self.name.upper()

    def __exit__(self, et, ev, tb):
        print("end", self.name, et.__name__ if et else None, tb is not None)
        return et is not None and issubclass(et, self.swallow)

@contextmanager
def tag(name):
    print(f"<{name}>")
    try:
        yield name * 2
    finally:
        print(f"</{name}>")

with Tx("a") as a, Tx("b", (KeyError,)) as b:
    print(a, b)
    raise KeyError("lost")
print("after")
try:
    with tag("p") as p:
        print(p)
        raise RuntimeError("inside")
except RuntimeError as e:
    print("outer got", e)
with ExitStack() as st:
    st.callback(print, "last")
    names = [st.enter_context(tag(n)) for n in "xy"]
    print(names)
with suppress(ZeroDivisionError):
    1 / 0
print("done")
