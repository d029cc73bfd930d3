import sqlite3
import pandas as pd

db = sqlite3.connect(":memory:")
sales = pd.DataFrame({"sku": ["a", "b", "a", "c"], "qty": [3, 1, 2, 7], "price": [1.5, 20.0, 1.5, 0.25]})
print(sales.to_sql("sales", db, index=False))
print(db.execute("select count(*), sum(qty) from sales").fetchone(), [r[1] for r in db.execute("pragma table_info(sales)")])
out = pd.read_sql_query("select sku, sum(qty * price) total from sales group by sku order by total desc", db)
print(out.values.tolist())
print(pd.read_sql_query("select * from sales where qty > :q", db, params={"q": 2})["sku"].tolist())
pd.DataFrame({"sku": ["d"], "qty": [9], "price": [2.0]}).to_sql("sales", db, if_exists="append", index=False)
print(len(pd.read_sql("select * from sales", db)), pd.read_sql("select max(qty) m from sales", db).iloc[0, 0])
try:
    sales.to_sql("sales", db, if_exists="fail")
except ValueError:
    print("table exists")
sales.assign(when=pd.to_datetime(["2024-01-01"] * 4)).to_sql("dated", db, index=True, index_label="n")
d = pd.read_sql("select * from dated", db, index_col="n", parse_dates=["when"])
print(d["when"].dt.year.tolist(), d.index.tolist(), d.shape)
chunks = list(pd.read_sql("select qty from sales", db, chunksize=2))
print([c["qty"].tolist() for c in chunks])
sales.to_sql("sales", db, if_exists="replace", index=False, dtype={"qty": "TEXT"})
print(db.execute("select typeof(qty), count(*) from sales group by 1").fetchall())
