from graphlib import TopologicalSorter, CycleError

deps = {"app": {"lib", "log"}, "lib": {"core"}, "log": {"core", "fmt"}, "test": {"app"}}
order = list(TopologicalSorter(deps).static_order())
print(len(order), all(order.index(d) < order.index(k) for k, v in deps.items() for d in v))
ts = TopologicalSorter(deps)
ts.add("docs", "fmt")
ts.prepare()
wave = 0
while ts.is_active():
    ready = sorted(ts.get_ready())
    wave += 1
    print(wave, ready)
    ts.done(*ready)
try:
    TopologicalSorter({"a": "b", "b": "c", "c": "a"}).prepare()
except CycleError as e:
    print(type(e).__name__, len(e.args[1]), e.args[1][0] == e.args[1][-1])
try:
    ts.add("late")
except ValueError as e:
    print("cannot add after prepare")
