import functools

def trace(prefix):
    def deco(fn):
        @functools.wraps(fn)
        def wrapper(*args, **kw):
            r = fn(*args, **kw)
            parts = [repr(a) for a in args] + [f"{k}={v!r}" for k, v in kw.items()]
            print(f"{prefix}{fn.__name__}({', '.join(parts)}) -> {r!r}")
            return r
        wrapper.calls = 0
        return wrapper
    return deco

class Memo:
    def __init__(self, fn):
        self.fn, self.cache, self.hits = fn, {}, 0
        functools.update_wrapper(self, fn)

    def __call__(self, n):
        if n in self.cache:
            self.hits += 1
        else:
            self.cache[n] = self.fn(n)
        return self.cache[n]

@Memo
def fib(n):
    """Fibonacci."""
    return n if n < 2 else fib(n - 1) + fib(n - 2)

@trace("> ")
@trace("# ")
def join(a, *, sep="-"):
    return sep.join(a)

join("abc", sep="+")
print(fib(80), fib.hits, len(fib.cache), fib.__doc__, fib.__name__)
print(join.__name__, join.__wrapped__.__wrapped__("xy"))
