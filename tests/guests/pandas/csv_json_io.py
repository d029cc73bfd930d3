import io
import pandas as pd

csv = """id,date,amount,cat
1,2024-01-05,"1,200.50",food
2,2024-02-10,,rent
3,2024-02-11,75,
"""
df = pd.read_csv(io.StringIO(csv), parse_dates=["date"], thousands=",", index_col="id")
print(df["amount"].fillna(-1).tolist(), df["date"].dt.month.tolist(), df["cat"].isna().tolist(), df.index.name)
print(df.to_csv())
print(df.to_json(orient="index", date_format="iso").replace(".000", "").replace("Z", "")[:60])
for orient in ("records", "split", "columns", "values"):
    print(orient, pd.DataFrame({"a": [1, 2], "b": ["x", None]}).to_json(orient=orient))
back = pd.read_json(io.StringIO('[{"a":1,"b":"x"},{"a":2}]'))
print(back["a"].tolist(), back["b"].isna().tolist())
print(pd.read_csv(io.StringIO("a;b\n1,5;x\n# c\n2,5;y\n"), sep=";", decimal=",", comment="#")["a"].sum())
print(pd.read_csv(io.StringIO("1 2  3\n4 5 6"), sep=r"\s+", header=None, names=list("xyz")).to_dict("list"))
chunks = [c["v"].sum() for c in pd.read_csv(io.StringIO("v\n" + "\n".join(map(str, range(10)))), chunksize=4)]
print([int(c) for c in chunks], pd.read_csv(io.StringIO("a,b,c\n1,2,3\n4,5,6"), usecols=["a", "c"], skiprows=[1], dtype={"c": float}).values.tolist())
print(pd.json_normalize([{"id": 1, "p": {"x": 1, "y": {"z": 2}}}, {"id": 2, "p": {"x": 3}}]).fillna(0).to_dict("records"))
print(pd.json_normalize({"k": 1, "rows": [{"v": 1}, {"v": 2}]}, "rows", ["k"]).values.tolist())
df.to_csv("/tmp/pd_t.csv.gz", columns=["amount"])
print(pd.read_csv("/tmp/pd_t.csv.gz").shape, pd.read_fwf(io.StringIO("ab  12\ncd  34"), header=None).values.tolist())
pd.DataFrame({"a": [1, 2]}).to_pickle("/tmp/pd_t.pkl")
print(pd.read_pickle("/tmp/pd_t.pkl")["a"].tolist(), pd.read_csv(io.StringIO("a,b\n1,n/a\n2,?"), na_values=["?"])["b"].isna().sum())
try:
    pd.read_csv(io.StringIO("a,b\n1,2\n1,2,3\n"))
except pd.errors.ParserError as e:
    print(type(e).__name__)
