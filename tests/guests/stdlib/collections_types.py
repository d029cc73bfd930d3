from collections import Counter, defaultdict, deque, OrderedDict, namedtuple, ChainMap, UserDict

c = Counter("mississippi")
print(c.most_common(2), c["z"], c.total(), sorted((c - Counter("miss")).items()))
c.update("zzz"); c.subtract("ss")
print(c["z"], c["s"], sorted((Counter(a=3, b=1) & Counter(a=1, b=5)).items()), list(Counter(a=2, b=1).elements()))
dd = defaultdict(list)
for w in "apple ant bee cow cat bat".split():
    dd[w[0]].append(w)
print(dict(dd), "zz" in dd, dd["q"], len(dd))
dq = deque(range(5), maxlen=5)
dq.append(9); dq.appendleft(-1); dq.rotate(2)
print(dq, dq.popleft(), dq.index(1), list(reversed(dq)))
od = OrderedDict(a=1, b=2, c=3)
od.move_to_end("a"); od.move_to_end("c", last=False)
print(list(od), od.popitem(last=False), OrderedDict(a=1, b=2) == OrderedDict(b=2, a=1))
P = namedtuple("P", "x y z", defaults=[0])
p = P(1, 2)
print(p, p._replace(y=5), p._asdict(), P._make([7, 8, 9]).z, P._fields, p.x + p[1])
cm = ChainMap({"a": 1}, {"a": 2, "b": 3})
child = cm.new_child({"b": 30})
child["c"] = 4
print(cm["a"], cm["b"], child["b"], "c" in cm, sorted(child), dict(child.parents) == dict(cm))


class Lower(UserDict):
    def __setitem__(self, k, v):
        super().__setitem__(k.lower(), v)


l = Lower(A=1); l["B"] = 2; l.update({"C": 3})
print(l, "a" in l, "A" in l)
