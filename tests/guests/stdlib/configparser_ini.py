import configparser
import io

text = """
[DEFAULT]
root = /srv
debug = no
[web]
port = 8080
path = ${root}/www
debug = yes
hosts = a.example
    b.example
; comment
[db]
timeout : 2.5
empty =
flag
"""
c = configparser.ConfigParser(allow_no_value=True, interpolation=configparser.ExtendedInterpolation())
c.read_string(text)
print(c.sections(), c["web"]["path"], c.getint("web", "port"), c.getboolean("web", "debug"), c["db"].getboolean("debug"))
print(c["web"]["hosts"].split(), c.getfloat("db", "timeout"), repr(c["db"]["empty"]), c["db"]["flag"])
print(c.get("db", "nope", fallback="fb"), c.has_option("db", "root"), "x" in c, sorted(c["db"]))
b = configparser.ConfigParser()
b.read_dict({"a": {"x": "%(y)s-1", "y": 5}, "B": {"Key": "V"}})
b["a"]["z"] = "new"
b.remove_option("a", "y"); b.set("a", "y", "9"); b.add_section("c")
out = io.StringIO(); b.write(out)
print(out.getvalue(), end="")
print(b["a"]["x"], b["B"]["KEY"], dict(b["B"]))
for bad in ("[a]\nx=1\nx=2", "x=1", "[a]\n[a]"):
    try:
        configparser.ConfigParser().read_string(bad)
    except configparser.Error as e:
        print(type(e).__name__)
