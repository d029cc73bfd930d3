import sqlite3

db = sqlite3.connect(":memory:", isolation_level=None)
db.execute("pragma foreign_keys = on")
db.executescript("""
create table author(id integer primary key, name text unique collate nocase);
create table book(id integer primary key, author integer not null references author(id) on delete cascade, title text check (length(title) > 1), price real default 9.5,
  vat real generated always as (round(price * 0.2, 2)) stored);
create table audit(n integer primary key autoincrement, what text);
create trigger book_up after update of price on book when new.price <> old.price begin
  insert into audit(what) values (old.title || ':' || old.price || '->' || new.price); end;
create trigger no_free before insert on book when new.price = 0 begin select raise(abort, 'no free books'); end;
create view expensive as select title, name from book join author on author.id = book.author where price > 5;
create unique index bt on book(author, title);
""")
db.execute("insert into author(name) values ('Ann'), ('Bob')")
db.execute("insert into book(author, title) values (1, 'Alpha'), (1, 'Beta'), (2, 'Gamma')")
for sql in ("insert into author(name) values ('ANN')", "insert into book(author, title) values (9, 'Nope')", "insert into book(author, title) values (1, 'X')",
            "insert into book(author, title, price) values (1, 'Free', 0)", "insert into book(title) values ('No author')", "update book set vat = 1"):
    try:
        db.execute(sql)
    except sqlite3.Error as e:
        print(type(e).__name__, "|", e)
db.execute("update book set price = 2.5 where title = 'Beta'")
print(db.execute("select what from audit").fetchall(), db.execute("select title, vat from book order by id").fetchall())
print(db.execute("select * from expensive order by 1").fetchall())
db.execute("insert into author(id, name) values (1, 'Zed') on conflict(id) do update set name = excluded.name || '!'")
db.execute("insert or ignore into author(name) values ('bob')")
print(db.execute("select name from author order by id").fetchall(), db.execute("insert into author(name) values ('Cy') returning id, name").fetchall())
db.execute("delete from author where id = 1")
print(db.execute("select title from book").fetchall(), [r[1] for r in db.execute("pragma table_info(book)")], db.execute("pragma foreign_key_check").fetchall())
db.execute("alter table book add column isbn text"); db.execute("alter table book rename column title to heading")
print([d[0] for d in db.execute("select * from book").description], "SEARCH" in str(db.execute("explain query plan select * from book where author = 2 and heading = 'x'").fetchall()))
