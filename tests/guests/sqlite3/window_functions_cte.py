import sqlite3

db = sqlite3.connect(":memory:")
db.executescript("""
create table sale(day text, rep text, amt real);
insert into sale values ('2024-01-01','ann',10),('2024-01-02','bob',20),('2024-01-03','ann',5),('2024-01-04','cy',20),('2024-01-05','bob',1);
create table org(id integer primary key, boss integer references org(id), name text);
insert into org values (1,null,'CEO'),(2,1,'CTO'),(3,1,'CFO'),(4,2,'Dev'),(5,4,'Intern');
""")
q = lambda sql, *a: db.execute(sql, a).fetchall()
print(q("select day, sum(amt) over (order by day) from sale"))
print(q("select rep, amt, rank() over (order by amt desc) r, dense_rank() over (order by amt desc) d, row_number() over (partition by rep order by day) n from sale order by r, rep"))
print(q("select day, lag(amt, 1, 0) over w, lead(amt) over w, avg(amt) over (order by day rows between 1 preceding and 1 following) from sale window w as (order by day)"))
print(q("select rep, ntile(2) over (order by rep), first_value(day) over (partition by rep order by day) from sale group by rep"))
print(q("""with recursive t(id, name, depth, path) as (select id, name, 0, name from org where boss is null
  union all select o.id, o.name, depth + 1, path || '>' || o.name from org o join t on o.boss = t.id)
  select depth, path from t order by path"""))
print(q("with recursive fib(a, b) as (values (0, 1) union all select b, a + b from fib where b < 60) select group_concat(a) from fib"))
print(q("with recursive c(n) as (select 1 union all select n + 1 from c where n < 50) select count(*), sum(n) from c where n % 7 = 0"))
print(q("select rep, sum(amt) filter (where day > '2024-01-01') f, count(*) from sale group by rep having count(*) > 1 order by rep"))
print(q("select sum(amt), rep from sale group by rep union all select -1, 'x' except select 20, 'cy' order by 2"))
print(q("select case when amt > 9 then 'big' else 'small' end s, count(*), min(day), max(day) from sale group by s order by s"))
print(q("select a.name, coalesce(b.name, '-') from org a left join org b on a.boss = b.id order by a.id limit 2 offset 1"))
print(q("values (1, 'a'), (2, 'b')"), q("select ? + ?, typeof(?)", 1, 2.5, b"x"))
