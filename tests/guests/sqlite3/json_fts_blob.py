import json
import sqlite3
import zlib

db = sqlite3.connect(":memory:")
db.execute("create table doc(id integer primary key, body text)")
docs = [{"name": "ann", "tags": ["x", "y"], "addr": {"city": "Oslo"}}, {"name": "bob", "tags": [], "addr": {"city": "Rome"}}]
db.executemany("insert into doc(body) values (?)", [(json.dumps(d),) for d in docs])
q = lambda sql, *a: db.execute(sql, a).fetchall()
print(q("select json_extract(body, '$.addr.city'), json_array_length(body, '$.tags') from doc"), q("select body ->> '$.name' from doc where body ->> '$.addr.city' = 'Rome'"))
print(q("select d.id, t.value from doc d, json_each(d.body, '$.tags') t"), q("select json_group_array(body ->> 'name') from doc"))
print(q("select json_set('{\"a\":1}', '$.b', 2), json_type('[1]'), json_valid('{x'), json_object('k', 5), json_remove('[1,2,3]', '$[1]')"))
db.execute("create virtual table fts using fts5(title, body)")
db.executemany("insert into fts values (?, ?)", [("Sailing", "the wind and the sea"), ("Cooking", "salt and pepper"), ("Sea salt", "from the sea to the kitchen")])
print(q("select title from fts where fts match 'sea' order by rowid"), q("select title from fts where fts match 'salt NOT pepper'"))
print(q("select highlight(fts, 1, '[', ']') from fts where fts match 'wind*'"), q("select title from fts where fts match '\"the sea\"' order by rank, rowid")[0])
db.execute("create virtual table box using rtree(id, x0, x1, y0, y1)")
db.executemany("insert into box values (?, ?, ?, ?, ?)", [(1, 0, 1, 0, 1), (2, 5, 6, 5, 6), (3, 0.5, 5.5, 0.5, 5.5)])
print(q("select id from box where x1 >= 0.9 and x0 <= 2 and y1 >= 0.9 and y0 <= 2 order by id"))
db.execute("create table b(id integer primary key, data blob)")
db.execute("insert into b(data) values (zeroblob(20))")
with db.blobopen("b", "data", 1) as blob:
    blob.write(b"hello"); blob.seek(10); blob.write(b"world"); blob[0] = ord("J")
    print(len(blob), blob[0:5], blob.tell())
print(q("select hex(data) from b")[0][0][:30], q("select length(data), typeof(data) from b"))
blob = zlib.compress(b"z" * 10000)
db.execute("insert into b(data) values (?)", (memoryview(blob),))
print(len(zlib.decompress(q("select data from b where id = 2")[0][0])))
raw = db.serialize()
copy = sqlite3.connect(":memory:"); copy.deserialize(raw)
print(copy.execute("select count(*) from doc").fetchone(), raw[:6], db.execute("pragma page_count").fetchone()[0] * 4096 == len(raw))
steps = []
db.set_trace_callback(steps.append); q("select ?", 5); db.set_trace_callback(None)
db.set_authorizer(lambda a, *r: sqlite3.SQLITE_DENY if a == sqlite3.SQLITE_DELETE else sqlite3.SQLITE_OK)
try:
    db.execute("delete from doc")
except sqlite3.DatabaseError as e:
    print(steps, e)
