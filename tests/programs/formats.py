# Programs of one subject; a line `#%% NAME` begins each, `#%% NAME (whole)` one that is not cut into runs of a session.
#%% json round trip
import json
data = {"name": "Zoë", "n": [1, 2.5, None, True], "nested": {"k": {"deep": []}}, 3: "int key", "big": 2**70, "f": 1e100}
s = json.dumps(data)
print(s, json.loads(s)["3"], json.dumps(data, ensure_ascii=False, indent=2, sort_keys=False), json.dumps([1, 2], separators=(",", ":")))
print(json.dumps({"b": 1, "a": 2}, sort_keys=True, indent="\t"), json.loads('[1.0, 1e2, -0, "\\u00e9\\ud83d\\ude00", NaN, Infinity]'))
#%% json errors
import json
for s in ("{", "{'a': 1}", "", '{"a": 1} x', "[1 2]", '"abc', "nul", '{"a" 1}', "01", '"\t"'):
    try:
        json.loads(s)
    except json.JSONDecodeError as e:
        print(repr(s), e.lineno, e.colno, e.pos)
try:
    json.dumps({"s": {1, 2}})
except TypeError as e:
    print(e)
json.dumps(1j)
#%% json with own types
import json, datetime, decimal, dataclasses
@dataclasses.dataclass
class P: x: int
class Enc(json.JSONEncoder):
    def default(self, o):
        if isinstance(o, (datetime.date, decimal.Decimal)): return str(o)
        if dataclasses.is_dataclass(o): return dataclasses.asdict(o)
        return super().default(o)
print(json.dumps([datetime.date(2024, 1, 2), decimal.Decimal("1.5"), P(3)], cls=Enc), json.dumps(object, default=lambda o: "?"))
print(json.loads('{"a": {"b": 1.1}}', object_hook=lambda d: list(d.items()), parse_float=decimal.Decimal), json.loads('{"a":1,"a":2}', object_pairs_hook=list))
json.dumps(P, cls=Enc)
#%% csv reading
import csv, io
text = 'name,age,quote\nAnn,30,"said ""hi"", left"\nBob,,\'x\'\n"multi\nline",5,\n'
for row in csv.reader(io.StringIO(text)): print(row)
for row in csv.DictReader(io.StringIO(text), restkey="rest"): print(row)
print(list(csv.reader(["a;b;'c;d'"], delimiter=";", quotechar="'")), csv.Sniffer().sniff("a;b\n1;2\n").delimiter, [d for d in csv.list_dialects() if d.startswith("excel")])
next(csv.reader(io.StringIO('"unclosed'), strict=True))
#%% csv writing
import csv, sys, io
out = io.StringIO()
w = csv.DictWriter(out, ["id", "text"], extrasaction="ignore", quoting=csv.QUOTE_NONNUMERIC)
w.writeheader()
w.writerow({"id": 1, "text": 'with "quotes", comma', "x": 0})
w.writerow({"id": 2.5, "text": None})
print(out.getvalue().encode())
csv.writer(sys.stdout, delimiter="\t", lineterminator="\n").writerows([[1, "a\tb"], ["", None]])
csv.DictWriter(out, ["a"]).writerow({"b": 1})
#%% ini files
import configparser
c = configparser.ConfigParser()
c.read_string("""[DEFAULT]
root = /srv
[web]
port = 8080
debug = yes
path = %(root)s/www
list =
    a
    b
""")
print(c.sections(), c["web"]["path"], c.getint("web", "port"), c.getboolean("web", "debug"), c.get("web", "none", fallback="fb"), c["web"]["list"].split(), dict(c["web"])["root"])
c["new"] = {"k": "v"}
import sys
c.write(sys.stdout)
c.get("web", "nothing")
#%% toml
import tomllib
doc = tomllib.loads("""
title = "x"
when = 1979-05-27T07:32:00Z
[owner]
ages = [1, 2]
pi = 3.14
big = 9_007_199_254_740_993
[[item]]
n = 0xff
[[item]]
n = 1e3
""")
print(doc)
try:
    tomllib.loads("a = ")
except tomllib.TOMLDecodeError as e:
    print(type(e).__name__)
#%% xml with ElementTree
import xml.etree.ElementTree as ET
root = ET.fromstring("<lib name='L'><book id='1'><title>A &amp; B</title></book><book id='2'><title>C</title>tail</book></lib>")
print(root.tag, root.attrib, [b.get("id") for b in root.iter("book")], root.findtext("book/title"), root.find("book[@id='2']/title").text, len(root))
new = ET.SubElement(root, "book", id="3"); new.text = "<x>"
ET.indent(root)
print(ET.tostring(root, encoding="unicode"))
ET.fromstring("<a><b></a>")
#%% xml with minidom
from xml.dom import minidom
d = minidom.parseString("<r><a x='1'/>text<!--c--></r>")
print(d.documentElement.toxml(), d.getElementsByTagName("a")[0].getAttribute("x"), [n.nodeType for n in d.documentElement.childNodes])
e = d.createElement("b"); e.appendChild(d.createTextNode("t<")); d.documentElement.appendChild(e)
print(d.toprettyxml(indent="  "))
import xml.sax
class H(xml.sax.ContentHandler):
    def startElement(self, n, a): print("start", n, dict(a))
    def characters(self, c): print("chars", c)
xml.sax.parseString(b"<r a='1'>hi</r>", H())
#%% sqlite basics
import sqlite3
db = sqlite3.connect(":memory:")
db.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age REAL)")
db.executemany("INSERT INTO users (name, age) VALUES (?, ?)", [("Ann", 30), ("Bob", None), ("Cy", 41.5)])
db.commit()
print(db.execute("SELECT * FROM users WHERE age > ? ORDER BY age DESC", (10,)).fetchall(), db.total_changes)
cur = db.execute("SELECT count(*) AS n, avg(age), max(name), group_concat(name, '|') FROM users")
print([d[0] for d in cur.description], cur.fetchone(), cur.fetchone())
db.row_factory = sqlite3.Row
row = db.execute("SELECT name, age FROM users LIMIT 1").fetchone()
print(row["name"], row.keys(), tuple(row), dict(row))
db.execute("SELECT * FROM nothing")
#%% sqlite errors and transactions
import sqlite3
db = sqlite3.connect("shop.db")
db.execute("CREATE TABLE t (k TEXT UNIQUE, v INT CHECK (v > 0))")
try:
    with db:
        db.execute("INSERT INTO t VALUES ('a', 1)")
        db.execute("INSERT INTO t VALUES ('a', 2)")
except sqlite3.IntegrityError as e:
    print(e)
print(db.execute("SELECT count(*) FROM t").fetchone())
for sql, args in (("INSERT INTO t VALUES ('b', -1)", ()), ("SELEC 1", ()), ("SELECT ?", ()), ("SELECT :x", {"y": 1}), ("INSERT INTO t VALUES (?, ?)", ([], 1))):
    try:
        db.execute(sql, args)
    except (sqlite3.Error, sqlite3.Warning) as e:
        print(type(e).__name__, e) if "binding" not in str(e) and "parameter" not in str(e) else print(type(e).__name__)
db.close()
db.execute("SELECT 1")
#%% sqlite functions
import sqlite3, datetime
db = sqlite3.connect(":memory:")
db.create_function("rev", 1, lambda s: s[::-1])
class Mul:
    def __init__(self): self.p = 1
    def step(self, v): self.p *= v
    def finalize(self): return self.p
db.create_aggregate("mul", 1, Mul)
print(db.execute("SELECT rev('abc'), 7/2, 7/2.0, typeof(1), typeof('x'), 9223372036854775807, date('2024-02-28', '+2 days'), json_extract('{\"a\":[1,2]}', '$.a[1]')").fetchone())
print(db.execute("WITH RECURSIVE c(x) AS (VALUES(1) UNION ALL SELECT x+1 FROM c WHERE x<5) SELECT mul(x), sum(x) FROM c").fetchall())
print(db.execute("SELECT x, row_number() OVER (ORDER BY x DESC) FROM (SELECT 3 x UNION SELECT 5)").fetchall(), list(db.iterdump()))
db.execute("CREATE TABLE big (n INTEGER)")
db.execute("INSERT INTO big VALUES (?)", (2**62,))
print(db.execute("SELECT n, n + 1, x'4142', NULL FROM big").fetchone())
db.execute("INSERT INTO big VALUES (?)", (2**64,))
#%% pickle
import pickle, copy
class P:
    def __init__(self, x): self.x = x
    def __getstate__(self): return {"x": self.x, "tag": "saved"}
    def __setstate__(self, s): self.__dict__.update(s)
p = pickle.loads(pickle.dumps(P([1, 2])))
print(p.x, p.tag, type(p).__module__, type(p) is P, pickle.loads(pickle.dumps({1, 2, 3})) == {1, 2, 3}, pickle.dumps([1, "a"], protocol=0))
a = [1, [2]]; b = copy.deepcopy(a); c = copy.copy(a); a[1].append(3)
print(a, b, c, pickle.HIGHEST_PROTOCOL, len(pickle.dumps(2**100)))
try:
    pickle.loads(b"junk")
except Exception as e:
    print(type(e).__name__)
try:
    pickle.dumps(lambda: 1)
except Exception as e:
    print(type(e))
#%% base64 and hex
import base64, binascii
d = bytes(range(0, 256, 15))
print(base64.b64encode(d), base64.urlsafe_b64encode(b"\xfb\xff"), base64.b32encode(b"hi"), base64.b85encode(b"hello"), base64.a85encode(b"hello"), d.hex("-", 4))
print(base64.b64decode("aGk="), binascii.hexlify(b"ab"), binascii.crc32(b"abc"), base64.b16decode("4142"))
base64.b64decode("abc")
#%% hashes and hmac
import hashlib, hmac, secrets
for name in ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b", "blake2s"):
    print(name, hashlib.new(name, b"data").hexdigest()[:32], hashlib.new(name).digest_size)
print(hmac.new(b"key", b"msg", "sha256").hexdigest(), len(secrets.token_hex(8)), hashlib.shake_128(b"x").hexdigest(8))
h = hashlib.sha256(); h.update(b"a"); g = h.copy(); h.update(b"b")
print(h.hexdigest()[:8], g.hexdigest()[:8], hmac.compare_digest("a", "a"), "sha256" in hashlib.algorithms_guaranteed)
try:
    hashlib.new("nope")
except ValueError as e:
    print(type(e))
#%% uuids
import uuid
print(uuid.uuid5(uuid.NAMESPACE_DNS, "python.org"), uuid.uuid3(uuid.NAMESPACE_URL, "x"), uuid.UUID(int=5), repr(uuid.UUID("12345678123456781234567812345678")))
u = uuid.uuid4()
print(u.version, u.variant, len(str(u)), u == uuid.UUID(str(u)), uuid.UUID(bytes=b"\x01" * 16).hex, len({uuid.uuid4() for _ in range(50)}))
uuid.UUID("short")
#%% struct and arrays
import struct, array
print(struct.pack(">bHiq?fd", -1, 65535, -2**31, 2**60, True, 0.5, 1e10), struct.calcsize("bhi"), struct.calcsize("=bhi"), struct.unpack("<3sxB", b"abc\0\xff"))
a = array.array("i", [1, 2, 3]); a.extend([4]); a.append(5)
print(a, a.typecode, a.itemsize, a.tobytes()[:8], array.array("d", [1.5]), array.array("u", "hé").tounicode() if False else array.array("H", [1]).byteswap())
m = memoryview(a); print(m.format, m.shape, m.nbytes, m.cast("B")[0], m[1:3].tolist())
struct.unpack("<H", b"x")
#%% arrays overflow
import array
a = array.array("i", [1])
try:
    a.append(2**31)
except OverflowError as e:
    print(type(e))
array.array("b", [200])
#%% urls
from urllib.parse import *
u = urlparse("https://user:pw@example.com:8080/p/a th;x?q=1&q=2&e=#frag")
print(u, u.hostname, u.port, parse_qs(u.query, keep_blank_values=True), urlunparse(u._replace(fragment="")))
print(quote("a b/é&", safe=""), unquote("a%20b%C3%A9"), urlencode({"a": [1, 2], "b": "x y"}, doseq=True), urljoin("http://h/a/b", "../c"), quote_plus("a b"), parse_qsl("a=1;b=2"))
urlparse("http://[::1").port
#%% email
from email.message import EmailMessage
from email import message_from_string, policy
m = EmailMessage()
m["From"], m["To"], m["Subject"] = "a@x.org", "b@y.org", "Héllo wörld"
m.set_content("plain text\n")
print(m.as_string())
p = message_from_string("Subject: =?utf-8?q?caf=C3=A9?=\nX: y\n\nbody\n", policy=policy.default)
print(p["subject"], p.get_content_type(), p.get_payload(), p.keys())
from email.utils import parseaddr, formatdate, parsedate_to_datetime
print(parseaddr("Ann B <ann@x.org>"), formatdate(0), parsedate_to_datetime("Mon, 01 Jan 2024 10:00:00 +0200"))
#%% ip addresses
import ipaddress as ip
n = ip.ip_network("192.168.0.0/29")
print(n.num_addresses, list(n.hosts())[:2], n.broadcast_address, ip.ip_address("10.0.0.1") in ip.ip_network("10.0.0.0/8"), ip.ip_address("::1").is_loopback, int(ip.ip_address("255.255.255.255")), ip.ip_network("2001:db8::/32").num_addresses)
print(list(n.subnets(new_prefix=31))[:2], ip.summarize_address_range(ip.ip_address("10.0.0.0"), ip.ip_address("10.0.0.3")).__next__())
ip.ip_network("192.168.0.1/24")
#%% quoted printable and codecs
import codecs, quopri
print(quopri.encodestring("é=".encode()), codecs.encode("Hello", "rot13"), codecs.decode(b"68656c6c6f", "hex"), codecs.getincrementaldecoder("utf-8")().decode(b"\xc3"), codecs.lookup("UTF8").name, codecs.BOM_UTF8)
print("é".encode("cp1252"), "日本".encode("shift_jis"), "é".encode("ascii", "xmlcharrefreplace"), "é".encode("ascii", "namereplace"), b"\xe9".decode("latin1"), "ä".encode("idna"), "x".encode("utf-32"))
"日".encode("latin-1")
#%% plist and netrc
import plistlib, mimetypes
s = plistlib.dumps({"a": 1, "b": [True, b"x"], "c": 1.5})
print(s.decode(), plistlib.loads(s), mimetypes.guess_type("a.html")[0], mimetypes.guess_type("x.tar.gz"), mimetypes.guess_extension("application/json"))
#%% a log file to sqlite
import sqlite3, re
log = """10.0.0.1 GET /index 200 512
10.0.0.2 GET /missing 404 0
10.0.0.1 POST /form 500 77"""
db = sqlite3.connect(":memory:")
db.execute("create table log(ip, verb, path, status int, size int)")
for m in re.finditer(r"(\S+) (\S+) (\S+) (\d+) (\d+)", log):
    db.execute("insert into log values (?,?,?,?,?)", m.groups())
for row in db.execute("select ip, count(*), sum(size), sum(status >= 400) from log group by ip order by 2 desc"):
    print(row)
db.execute("select status, typeof(status) from log").fetchall()
#%% password hashing
import hashlib, hmac, base64
def hash_password(password, salt, rounds=1000):
    key = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    return base64.b64encode(salt + key).decode()
def verify(password, stored, rounds=1000):
    raw = base64.b64decode(stored)
    return hmac.compare_digest(hashlib.pbkdf2_hmac("sha256", password.encode(), raw[:16], rounds), raw[16:])
stored = hash_password("hunter2", b"0123456789abcdef")
print(stored, verify("hunter2", stored), verify("nope", stored))
print(hashlib.pbkdf2_hmac("sha1", b"p", b"s", 2, dklen=50).hex(), hashlib.pbkdf2_hmac("sha512", b"k" * 200, b"", 1).hex()[:20])
#%% registered csv dialects
import csv
csv.register_dialect("pipes", delimiter="|", quoting=csv.QUOTE_ALL)
print(csv.list_dialects())
#%% nested data flattened
import json
def flatten(d, prefix=""):
    for k, v in (d.items() if isinstance(d, dict) else enumerate(d)):
        key = f"{prefix}.{k}" if prefix else str(k)
        if isinstance(v, (dict, list)) and v: yield from flatten(v, key)
        else: yield key, v
doc = json.loads('{"a": {"b": [1, {"c": null}], "d": {}}, "e": "x"}')
for k, v in flatten(doc): print(k, "=", json.dumps(v))
print(json.dumps(doc, indent=1).count("\n"), json.dumps(doc) == json.dumps(json.loads(json.dumps(doc))))
#%% a schema check by hand
schema = {"name": str, "age": int, "tags": list}
def check(row):
    for key, kind in schema.items():
        if key not in row: yield f"missing {key}"
        elif not isinstance(row[key], kind): yield f"{key} is {type(row[key]).__name__}, not {kind.__name__}"
    for key in sorted(row.keys() - schema.keys()): yield f"unknown {key}"
for row in ({"name": "a", "age": 1, "tags": []}, {"name": 5, "tags": (), "x": 1}):
    print(list(check(row)))
#%% sqlite with dates and rows
import sqlite3, datetime
db = sqlite3.connect(":memory:")
db.execute("create table e (at text, what text, amount real)")
rows = [(datetime.date(2024, 1, d).isoformat(), w, a) for d, w, a in ((3, "in", 10.5), (4, "out", -2.25), (4, "in", 1))]
db.executemany("insert into e values (?, ?, ?)", rows)
for at, n, total in db.execute("select at, count(*), round(sum(amount), 2) from e group by at order by at"):
    print(at, n, total)
cur = db.execute("update e set amount = amount * 2 where what = 'in'")
print(cur.rowcount, cur.lastrowid is None, db.in_transaction)
db.rollback()
print(db.execute("select count(*) from e").fetchone())
#%% yaml-like writer
def dump(x, indent=0):
    pad = "  " * indent
    if isinstance(x, dict):
        for k, v in x.items():
            if isinstance(v, (dict, list)) and v:
                print(f"{pad}{k}:"); dump(v, indent + 1)
            else: print(f"{pad}{k}: {v if v not in (None, '') else '~'}")
    else:
        for v in x:
            print(f"{pad}- {v}")
dump({"a": 1, "b": {"c": [1, 2], "d": None}, "e": []})
