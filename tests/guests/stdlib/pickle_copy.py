import copy
import datetime
import io
import pickle
from collections import OrderedDict, deque
from dataclasses import dataclass, field
@dataclass
class Node:
    name: str
    children: list = field(default_factory=list)
    cache: dict = field(default_factory=dict, repr=False)
    def __getstate__(self):
        s = self.__dict__.copy()
        s["cache"] = {}
        return s
root = Node("root", cache={"x": 1})
root.children.append(Node("leaf"))
root.children.append(root.children[0])
objs = [root, {1, 2}, (1, "é", b"z", 2.5, None, 10 ** 30, 1j), datetime.datetime(2020, 1, 2, 3), OrderedDict(a=1), deque([1], 3), slice(1, 2), range(3), len]
for proto in range(2, 6):
    back = pickle.loads(pickle.dumps(objs, proto))
    r = back[0]
    print(proto, back[1:] == objs[1:], r.cache, r.children[0] is r.children[1], r.name)
cyc = []; cyc.append(cyc)
print(pickle.loads(pickle.dumps(cyc))[0].__class__, (lambda c: c[0] is c)(pickle.loads(pickle.dumps(cyc))))
buf = io.BytesIO()
p = pickle.Pickler(buf); p.dump("one"); p.dump([2]); buf.seek(0); print(pickle.load(buf), pickle.load(buf))
try:
    pickle.dumps(lambda: 0)
except (pickle.PicklingError, AttributeError) as e:
    print("cannot pickle lambda")
class Safe(pickle.Unpickler):
    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"{module}.{name} forbidden")
try:
    Safe(io.BytesIO(pickle.dumps(datetime.date(2020, 1, 1)))).load()
except pickle.UnpicklingError as e:
    print(e)
s, d = copy.copy(root), copy.deepcopy(root)
print(s.children is root.children, d.children is root.children, d.children[0] is d.children[1], d == Node("root", [Node("leaf")] * 2))
