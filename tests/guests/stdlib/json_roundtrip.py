import io
import json
from decimal import Decimal

doc = {"name": "Skerry", "n": [1, 2.5, -3e10, True, None], "é": "日本 \"q\"\n", "nested": {"b": {}, "a": []}}
s = json.dumps(doc, sort_keys=True)
print(s)
print(json.dumps(doc, ensure_ascii=False, separators=(",", ":")))
print(json.dumps({"a": [1, {"b": 2}], "c": {}}, indent=2))
print(json.loads(s) == doc, json.loads('"\\ud83d\\udc0d \\u00e9"'))


class Enc(json.JSONEncoder):
    def default(self, o):
        if isinstance(o, (set, frozenset)):
            return sorted(o)
        if isinstance(o, complex):
            return {"re": o.real, "im": o.imag}
        return super().default(o)


print(json.dumps({"s": {3, 1, 2}, "z": 1 + 2j}, cls=Enc))
print(json.loads("[1.10, 2]", parse_float=Decimal), json.loads('{"a":1,"b":2}', object_pairs_hook=list))
print(json.dumps({1: "a", None: 2, True: 3, 2.5: 4}), json.loads("[NaN, Infinity]")[1])
for bad in ('{"a": }', "[1 2]", "", '{"a": 1} x'):
    try:
        json.loads(bad)
    except json.JSONDecodeError as e:
        print(e.pos, e.lineno, e.colno)
try:
    json.dumps({"x": object()})
except TypeError as e:
    print(e)
buf = io.StringIO()
json.dump([{"k": i} for i in range(3)], buf)
print(buf.getvalue(), json.load(io.StringIO("[1]")))
