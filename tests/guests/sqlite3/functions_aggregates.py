import math
import sqlite3

db = sqlite3.connect(":memory:", detect_types=sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES)

class StdDev:
    def __init__(self): self.v = []
    def step(self, x): self.v.append(x) if x is not None else None
    def finalize(self):
        m = sum(self.v) / len(self.v)
        return math.sqrt(sum((x - m) ** 2 for x in self.v) / len(self.v))

class WinSum:
    def __init__(self): self.t = 0
    def step(self, x): self.t += x
    def inverse(self, x): self.t -= x
    def value(self): return self.t
    finalize = value

db.create_function("slug", 1, lambda s: s.lower().replace(" ", "-"), deterministic=True)
db.create_aggregate("stddev", 1, StdDev)
db.create_window_function("winsum", 1, WinSum)
db.create_collation("rev", lambda a, b: (a < b) - (a > b))
sqlite3.register_adapter(complex, lambda z: f"{z.real};{z.imag}")
sqlite3.register_converter("cplx", lambda b: complex(*map(float, b.split(b";"))))
db.execute("create table t(id integer primary key, s text, x real, z cplx)")
db.executemany("insert into t(s, x, z) values (?, ?, ?)", [("Hello World", 2, 1 + 2j), ("B b", 4, 0j), ("abc", 9, -1j)])
q = lambda sql: db.execute(sql).fetchall()
print(q("select slug(s) from t"), round(q("select stddev(x) from t")[0][0], 6), q("select winsum(x) over (order by id rows 1 preceding) from t"))
print(q("select s from t order by s collate rev"), q("select z from t"), q("select '5;6' as \"v [cplx]\""))
print(q("select upper(s), length(s), substr(s, 2, 3), instr(s, 'b'), replace(s, 'b', '*'), trim('  x ') from t where id = 2"))
print(q("select round(2.567, 1), abs(-3), max(1, 5), min('a', 'b'), nullif(1, 1), ifnull(null, 7), hex('ab'), quote('it''s'), printf('%05.1f|%s', 2.25, 'z')"))
print(q("select date('2024-02-28', '+2 days'), strftime('%Y/%m', '2024-05-06'), julianday('2000-01-01'), cast('12ab' as integer), 7 % 3, 1 << 4, 'a' || 1"))
print(q("select s from t where s like 'h%' or s glob 'a*' order by 1"), q("select 'A' = 'a' collate nocase, 5 between 1 and 9, 3 in (1, 2), null is not 1"))
try:
    db.create_function("boom", 0, lambda: 1 / 0); q("select boom()")
except sqlite3.OperationalError as e:
    print(e)
