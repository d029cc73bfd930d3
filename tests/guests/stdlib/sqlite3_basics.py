import sqlite3

db = sqlite3.connect(":memory:")
db.row_factory = sqlite3.Row
db.executescript("""
create table emp(id integer primary key, name text not null unique, dept text, pay real, photo blob);
create index i on emp(dept);
""")
cur = db.executemany("insert into emp(name, dept, pay) values (?, ?, ?)",
                     [("Ann", "eng", 100.5), ("Bob", "eng", 80), ("Cy", "ops", 70.25), ("Di", None, None)])
print(cur.rowcount, db.in_transaction, db.total_changes)
db.commit()
row = db.execute("select * from emp where name = :n", {"n": "Ann"}).fetchone()
print(row["name"], row.keys(), tuple(row), row["PAY"])
for r in db.execute("select dept, count(*) n, avg(pay) a from emp group by dept order by dept"):
    print(tuple(r))
try:
    with db:
        db.execute("update emp set pay = 0")
        db.execute("insert into emp(name) values ('Ann')")
except sqlite3.IntegrityError as e:
    print(e)
print(db.execute("select sum(pay), max(length(name)), total(pay) from emp").fetchone()[:])
cur = db.execute("insert into emp(name, photo) values ('Ed', ?)", (b"\x00\xff",))
print(cur.lastrowid, bytes(db.execute("select photo from emp where id = ?", (cur.lastrowid,)).fetchone()[0]))
print([d[0] for d in db.execute("select id, name as who from emp").description], db.execute("select 7/2, 7/2.0, '1'+1, null is null").fetchone()[:])
for bad in ("select * from nope", "selec 1"):
    try:
        db.execute(bad)
    except sqlite3.OperationalError as e:
        print(e)
c = db.execute("select name from emp order by id")
print(c.fetchmany(2)[1][0], len(c.fetchall()), c.fetchone())
db.close()
try:
    db.execute("select 1")
except sqlite3.ProgrammingError as e:
    print(type(e).__name__)
