import os
import sqlite3

path = "/tmp/battery.db"
if os.path.exists(path):
    os.remove(path)
with sqlite3.connect(path) as db:
    db.execute("create table kv(k text primary key, v)")
    db.executemany("insert into kv values (?, ?)", [(f"k{i:03}", i * i) for i in range(500)])
db.close()
print(os.path.getsize(path) % 4096, open(path, "rb").read(15))
a, b = sqlite3.connect(path, isolation_level=None), sqlite3.connect(path, timeout=0.1)
print(a.execute("select count(*), sum(v) from kv").fetchone())
a.execute("begin immediate")
a.execute("update kv set v = -1 where k < 'k010'")
print(a.execute("select min(v) from kv").fetchone())
a.execute("commit")
print(b.execute("select count(*) from kv where v = -1").fetchone())
a.execute("begin"); a.execute("delete from kv"); a.execute("savepoint s"); a.execute("insert into kv values('only', 1)")
a.execute("rollback to s"); print(a.execute("select count(*) from kv").fetchone()); a.execute("rollback")
print(a.execute("select count(*) from kv").fetchone(), a.execute("pragma integrity_check").fetchone())
mem = sqlite3.connect(":memory:")
a.backup(mem)
print(mem.execute("select v from kv where k = 'k499'").fetchone(), len(list(mem.iterdump())) > 500)
a.execute("attach ':memory:' as aux"); a.execute("create table aux.t as select k from kv limit 3")
print([r[0] for r in a.execute("select k from aux.t order by k")])
a.execute("vacuum"); a.close(); b.close()
ro = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
try:
    ro.execute("delete from kv")
except sqlite3.OperationalError as e:
    print(e)
ro.close(); os.remove(path); print(os.path.exists(path))
