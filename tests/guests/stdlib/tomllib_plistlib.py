import datetime
import io
import plistlib
import tomllib

doc = tomllib.loads('''
title = "demo"  # comment
[owner]
name = 'Tom "T"'
dob = 1979-05-27T07:32:00-08:00
[db]
ports = [8000, 8_001, 0xFF]
pi = 3.14
on = true
multi = """
line1
line2 \\
   joined"""
point = {x = 1, y = -2}
[[srv]]
ip = "10.0.0.1"
[[srv]]
ip = "10.0.0.2"
when = 07:32:00
''')
print(doc["title"], doc["owner"]["name"], doc["owner"]["dob"].isoformat(), doc["db"])
print([s["ip"] for s in doc["srv"]], doc["srv"][1]["when"])
for bad in ("a = ", "a = 1\na = 2", "[x", "d = 2020-13-01"):
    try:
        tomllib.loads(bad)
    except tomllib.TOMLDecodeError as e:
        print(type(e).__name__)
print(tomllib.load(io.BytesIO(b"k.sub = 1"))["k"])
pl = {"name": "x", "n": [1, 2.5, True], "d": datetime.datetime(2020, 1, 2, 3, 4, 5), "b": b"\x00\xff", "u": {"é": "日"}}
for fmt in (plistlib.FMT_XML, plistlib.FMT_BINARY):
    raw = plistlib.dumps(pl, fmt=fmt)
    print(fmt.name, plistlib.loads(raw) == pl, raw[:6])
print(plistlib.dumps({"b": 1, "a": "<"}, fmt=plistlib.FMT_XML).decode().split("\n")[3:7])
