import datetime
import yaml

text = """
name: demo   # comment
list: [1, 2.5, true, null, "x"]
block: |
  line one
  line two
folded: >-
  joined
  text
base: &b {x: 1, y: 2}
derived: {<<: *b, y: 3}
when: 2024-02-29
nested:
  - k: v
    deep: [a, [b]]
  - !!str 123
"""
d = yaml.safe_load(text)
for k, v in d.items():
    print(k, repr(v) if not isinstance(v, datetime.date) else v.isoformat())
print(yaml.safe_dump({"b": [1, {"c": None}], "a": "é: x", "t": True, "m": "two\nlines"}, allow_unicode=True), end="")
print(yaml.dump([{"x": 1}, [2, 3]], default_flow_style=True).strip(), yaml.safe_dump({"z": 1, "a": 2}, sort_keys=False).split())
print(list(yaml.safe_load_all("a: 1\n---\nb: 2\n---\n- 3")), yaml.safe_load("0x1F"), yaml.safe_load("1e3"), yaml.safe_load("yes"))
for bad in ("a: [1, 2", "a: b: c", "!!python/object/apply:os.system ['x']"):
    try:
        yaml.safe_load(bad)
    except yaml.YAMLError as e:
        print(type(e).__name__)


class Pt(yaml.YAMLObject):
    yaml_tag, yaml_loader = "!pt", yaml.SafeLoader
    def __init__(self, x, y): self.x, self.y = x, y


p = yaml.safe_load("!pt {x: 4, y: 5}")
print(type(p).__name__, p.x * p.y, yaml.dump(Pt(1, 2)).strip(), yaml.safe_load(yaml.safe_dump(d["nested"])) == d["nested"])
