def make_counter(start=0):
    value = start
    def inc(step=1):
        nonlocal value
        value += step
        return value
    def reset():
        nonlocal value
        value = start
    return inc, reset

inc, reset = make_counter(10)
print(inc(), inc(5), inc())
reset()
print(inc(), inc.__closure__ is not None, sorted(inc.__code__.co_freevars))
late = [lambda: i for i in range(3)]
early = [lambda i=i: i for i in range(3)]
print([f() for f in late], [f() for f in early])

def compose(*fs):
    def run(x):
        for f in reversed(fs):
            x = f(x)
        return x
    return run

print(compose(str, lambda v: v + 1, abs)(-41) + "!")
x = "global"

def outer():
    x = "outer"
    def use_global():
        global x
        x += "+changed"
        return x
    return use_global(), x

print(outer(), x)
