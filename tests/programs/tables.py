# Programs of one subject; a line `#%% NAME` begins each, `#%% NAME (whole)` one that is not cut into runs of a session.
#%% first look at a frame
import pandas as pd
df = pd.DataFrame({"name": ["Ann", "Bob", "Cy", "Di"], "age": [31, 25, None, 40], "city": ["Oslo", "Rome", "Oslo", None], "score": [88.5, 92.25, 79.0, 60.125]})
print(df)
print(df.dtypes, df.shape, df.isna().sum(), sep="\n")
df.describe(include="all")
#%% integer types
import pandas as pd, numpy as np
df = pd.DataFrame({"i": [1, 2, 3], "b": [True, False, True], "s": ["a", "b", "c"], "f": [1.0, 2.0, 3.0]})
print(df.dtypes, df["i"].sum().dtype, df.index, df.select_dtypes("number").columns.tolist(), sep="\n")
print(pd.Series(range(3)).dtype, pd.Series([1, 2**40]).dtype, pd.Series([2**63]).dtype, pd.Series([1, None]).dtype, pd.array([1, None]).dtype, pd.Series(np.arange(2)).dtype)
print(df["i"].astype("int32").dtype, df["i"].astype(int).dtype, pd.to_numeric(pd.Series(["1", "2"])).dtype, df["i"].value_counts().dtype, df.groupby("s").size().dtype, df["i"].rank().dtype, df.count().dtype)
#%% large products and sums
import pandas as pd
df = pd.DataFrame({"units": [30_000, 50_000, 70_000], "price": [99_999, 88_888, 77_777]})
df["total"] = df["units"] * df["price"]
print(df, df["total"].sum(), df["total"].cumsum().tolist(), df["total"].mean(), (df["units"] ** 3).tolist(), df.sum().to_dict(), sep="\n")
df["total"].prod()
#%% grouping
import pandas as pd
df = pd.DataFrame({"dept": ["x", "y", "x", "z", "y"], "level": [1, 2, 1, 3, 2], "pay": [100, 200, 150, 300, 250]})
print(df.groupby("dept")["pay"].agg(["mean", "sum", "count", "std"]))
print(df.groupby(["dept", "level"]).agg(total=("pay", "sum"), top=("pay", "max")).reset_index())
print(df.groupby("dept").get_group("x"), df.groupby("dept")["pay"].transform("mean").tolist(), df.groupby("dept").ngroups)
for key, part in df.groupby("dept"):
    print(key, part["pay"].tolist())
df.groupby("dept")["pay"].apply(lambda s: s.max() - s.min())
#%% indices of groups
import pandas as pd
df = pd.DataFrame({"k": list("abab"), "v": [1, 2, 3, 4]})
g = df.groupby("k")
print({k: v.tolist() for k, v in g.indices.items()}, {k: list(v) for k, v in g.groups.items()}, g.cumcount().tolist(), g.ngroup().tolist())
codes, uniques = pd.factorize(df["k"])
print(codes, uniques, codes.tolist())
#%% the type of codes
import pandas as pd
codes, _ = pd.factorize(["b", "a", "b"])
print(codes.dtype, pd.Categorical(["x", "y"]).codes.dtype, pd.Index(["a", "b"]).get_indexer(["b"]).dtype)
#%% merging
import pandas as pd
left = pd.DataFrame({"id": [1, 2, 3], "name": ["a", "b", "c"]})
right = pd.DataFrame({"id": [2, 3, 3, 4], "amount": [5.5, 6, 7, 8]})
for how in ("inner", "left", "outer", "cross"):
    print(how, left.merge(right, how=how, **({} if how == "cross" else {"on": "id"})), sep="\n")
print(left.merge(right, on="id", how="outer", indicator=True)["_merge"].value_counts().sort_index())
pd.merge(left, right, left_on="id", right_on="nope")
#%% pivot and melt
import pandas as pd
df = pd.DataFrame({"day": ["mon", "mon", "tue", "tue"], "kind": ["a", "b", "a", "b"], "n": [1, 2, 3, 4]})
p = df.pivot(index="day", columns="kind", values="n")
print(p, df.pivot_table(index="day", columns="kind", values="n", aggfunc="sum", margins=True), p.reset_index().melt(id_vars="day"), sep="\n")
print(pd.crosstab(df["day"], df["kind"], normalize="index"), p.stack(), p.unstack(), p.T, sep="\n")
#%% selecting
import pandas as pd
df = pd.DataFrame({"a": range(6), "b": list("uvwxyz"), "c": [0.5 * i for i in range(6)]}, index=list("ABCDEF"))
print(df.loc["B":"D", ["a", "c"]], df.iloc[1:3, -1], df[df["a"] % 2 == 0]["b"].tolist(), df.at["C", "b"], df.iat[0, 0], df.query("a > 3 and c < 2.5"), sep="\n")
print(df.filter(like="b"), df.head(2), df.tail(1), df.nlargest(2, "c"), df.sample(2, random_state=1), df["a"].between(1, 3).tolist(), df.loc[df["b"].isin(["u", "z"])], sep="\n")
df["missing"]
#%% errors of frames
import pandas as pd
df = pd.DataFrame({"a": [1, 2]})
for f in (lambda: df["zz"], lambda: df.loc[9], lambda: df.iloc[5], lambda: df["a"] + "x" + 1, lambda: pd.DataFrame({"a": [1], "b": [1, 2]}), lambda: df["a"].astype("datetime"), lambda: pd.Series(["x"]).astype(int), lambda: df.drop("q"), lambda: bool(df), lambda: df.insert(0, "a", 1), lambda: pd.to_datetime("not a date"), lambda: df.merge(df, on="b")):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, str(e)[:60])
df.loc[5, "b"]
#%% changing columns
import pandas as pd, numpy as np
df = pd.DataFrame({"A b": [3, 1, 2], "c": ["x", "y", "x"]})
df = df.rename(columns=lambda c: c.strip().lower().replace(" ", "_")).assign(d=lambda t: t["a_b"] * 2.5, e=pd.Series(["p", None, "q"]))
df["flag"] = np.where(df["a_b"] > 1, "hi", "lo")
df.loc[df["c"] == "y", "d"] = np.nan
print(df, df.sort_values(["c", "a_b"], ascending=[True, False]), df.drop(columns="flag").fillna({"d": 0, "e": "?"}), df.set_index("c").sort_index(), sep="\n")
print(df["c"].map({"x": 1}), df.replace("x", "z")["c"].tolist(), df.apply(lambda r: f"{r['c']}{r['a_b']}", axis=1).tolist(), df.columns, df.duplicated("c").tolist(), sep="\n")
#%% text columns
import pandas as pd
s = pd.Series([" Ann Lee ", "bob ray", None, "CY-42"])
print(s.str.strip().str.title(), s.str.len(), s.str.contains("a", na=False).tolist(), s.str.extract(r"(\d+)"), s.str.split(expand=True), s.str.upper().str[0].tolist(), s.str.replace(r"\W", "_", regex=True), s.dtype, sep="\n")
print(s.str.cat(sep="|", na_rep="-"), pd.Series(["a,b", "c"]).str.get_dummies(","), s.fillna("").str.findall("[a-z]+").tolist(), sep="\n")
#%% wide frames
import pandas as pd
df = pd.DataFrame({f"column_number_{i}": range(i, i + 3) for i in range(25)})
print(df)
print(df.to_string(max_cols=6), pd.DataFrame({"x": range(100)}), pd.Series(range(100), name="n"), sep="\n")
df.T
#%% display of floats
import pandas as pd
df = pd.DataFrame({"tiny": [1e-9, 2.5e-3], "big": [1e12, 123456.789], "mixed": [1.0, 1000.5], "i": [1, 10**15]})
print(df, df.round(2), df["big"], sep="\n")
with pd.option_context("display.float_format", "{:,.2f}".format, "display.max_colwidth", 10):
    print(df, pd.DataFrame({"t": ["a very long text that is cut"]}), sep="\n")
print(pd.Series([0.1, float("nan"), float("inf"), -0.0]), pd.Series([1.5, 2]).to_string(index=False), sep="\n")
#%% csv both ways
import pandas as pd, io
text = "id,when,val,note\n1,2024-01-05,3.5,\"a, b\"\n2,2024-02-10,,plain\n3,,7,NA\n"
df = pd.read_csv(io.StringIO(text), parse_dates=["when"], index_col="id")
print(df, df.dtypes, sep="\n")
df.to_csv("out.csv")
print(open("out.csv").read(), df.to_csv(index=False, sep=";", na_rep="-", float_format="%.2f"), sep="\n")
print(pd.read_csv("out.csv", usecols=["id", "val"], dtype={"id": "int16"}).dtypes, pd.read_csv(io.StringIO("a b\n1 2"), sep=r"\s+"), sep="\n")
for chunk in pd.read_csv("out.csv", chunksize=2): print(len(chunk))
pd.read_csv("missing.csv") if False else pd.read_csv(io.StringIO("a,b\n1,2,3\n4,5\n6,7,8,9"), on_bad_lines="error")
#%% json and records
import pandas as pd, io
df = pd.DataFrame({"a": [1, 2], "b": ["x", None], "t": pd.to_datetime(["2024-01-01", None])})
for orient in ("records", "columns", "index", "split", "values"):
    print(df.to_json(orient=orient))
print(df.to_dict("records"), df.to_dict("list"), pd.read_json(io.StringIO('[{"a":1,"b":"x"},{"a":2.5}]')), pd.json_normalize([{"k": {"x": 1, "y": {"z": 2}}, "l": [1]}]), sep="\n")
print(df.to_html(), df.values.tolist(), list(df.itertuples(index=False)), [r["a"] for _, r in df.iterrows()], sep="\n")
#%% sql and frames
import pandas as pd, sqlite3
db = sqlite3.connect(":memory:")
pd.DataFrame({"k": ["a", "b", "a"], "v": [1, 2, 3], "big": [2**40, 1, 2]}).to_sql("t", db, index=False)
print(pd.read_sql("SELECT k, sum(v) AS s, max(big) AS big FROM t GROUP BY k", db), pd.read_sql_query("SELECT * FROM t WHERE v > ?", db, params=(1,)).dtypes, sep="\n")
pd.read_sql("SELECT * FROM missing", db)
#%% dates in frames
import pandas as pd
idx = pd.date_range("2024-01-30", periods=5, freq="D")
s = pd.Series(range(5), index=idx)
print(s, s.resample("ME").sum(), s["2024-02"], s.shift(1), s.rolling(2).mean(), s.index.day_name().tolist(), sep="\n")
df = pd.DataFrame({"t": pd.to_datetime(["2024-03-01 10:30", "2023-12-31 23:59:59"])})
print(df["t"].dt.year.tolist(), df["t"].dt.strftime("%d/%m/%y").tolist(), df["t"].max() - df["t"].min(), df["t"].dt.to_period("Q").tolist(), df["t"].dt.isocalendar(), df["t"].diff(), df["t"].dtype, df["t"].dt.year.dtype, sep="\n")
pd.Timestamp("2024-02-29") + pd.DateOffset(years=1), pd.Timedelta("1 days 2:03:04.5"), pd.Timestamp("2024-01-01").timestamp()
#%% time zones in frames
import pandas as pd
t = pd.Timestamp("2024-07-01 12:00", tz="Europe/Berlin")
print(t, t.tz_convert("America/New_York"), t.utcoffset(), pd.date_range("2024-03-30", periods=3, freq="D", tz="Europe/London"), pd.to_datetime(["2024-01-01T00:00Z"]).tz_convert("Asia/Tokyo"))
s = pd.Series(pd.to_datetime(["2024-03-10 01:30", "2024-11-03 12:00"])).dt.tz_localize("US/Eastern")
print(s, s.dt.tz_convert("UTC"), pd.Timestamp(0, unit="s"), pd.Timestamp("2024-10-27 02:30").tz_localize("Europe/Berlin", ambiguous=True), sep="\n")
pd.Timestamp("2024-03-31 02:30").tz_localize("Europe/Berlin")
#%% periods and business days
import pandas as pd
print(pd.period_range("2024-01", periods=3, freq="M"), pd.bdate_range("2024-01-05", periods=3), pd.date_range("2024", periods=3, freq="QE"), pd.Timestamp("2024-05-31") + pd.offsets.MonthEnd(1), pd.Timestamp("2024-01-05") + pd.offsets.BDay(1), pd.timedelta_range("1h", periods=3, freq="30min"), sep="\n")
print(pd.Timestamp.max, pd.Timestamp("2024-01-01").value, pd.Timedelta(days=1).value, pd.Timestamp("2262-01-01").year, pd.date_range("2024-01-01", "2024-01-02", freq="12h").astype("int64").tolist())
#%% multi index
import pandas as pd
df = pd.DataFrame({"v": range(6)}, index=pd.MultiIndex.from_product([["a", "b", "c"], [1, 2]], names=["k", "n"]))
print(df, df.loc["a"], df.loc[("b", 2)], df.xs(1, level="n"), df.unstack(), df.groupby(level="k").sum(), df.swaplevel().sort_index().head(3), df.index.get_level_values(1).dtype, sep="\n")
df.loc[("z", 1)]
#%% categories and bins
import pandas as pd
s = pd.Series(["lo", "hi", "mid", "lo"], dtype="category").cat.set_categories(["lo", "mid", "hi"], ordered=True)
print(s, s.cat.codes.tolist(), s.min(), s.sort_values().tolist(), s.value_counts(), sep="\n")
ages = pd.Series([5, 17, 18, 40, 71])
print(pd.cut(ages, [0, 17, 64, 100], labels=["child", "adult", "senior"]).tolist(), pd.cut(ages, 3), pd.qcut(ages, 2).value_counts(), sep="\n")
pd.get_dummies(s)
#%% missing data
import pandas as pd, numpy as np
df = pd.DataFrame({"a": [1, np.nan, 3, np.nan], "b": [None, "x", None, "y"], "c": pd.array([1, None, 3, 4], dtype="Int64")})
print(df, df.dropna(subset=["a"]), df["a"].ffill().tolist(), df["a"].interpolate().tolist(), df.notna().sum(), df["c"].sum(), df["c"] + 1, df.fillna({"a": df["a"].mean()}), df.count(axis=1).tolist(), sep="\n")
print(pd.NA, pd.NaT, pd.isna(None), np.nan == np.nan, df["c"].mean(), pd.Series([True, None], dtype="boolean") & True)
if pd.NA: pass
#%% windows
import pandas as pd
s = pd.Series([1, 3, 5, 2, 8, 13], dtype=float)
print(s.rolling(3).mean().tolist(), s.expanding().max().tolist(), s.ewm(alpha=0.5).mean().round(4).tolist(), s.pct_change().round(3).tolist(), s.diff().tolist(), s.cummax().tolist(), s.rank(method="min").tolist(), s.quantile([0.25, 0.5]), s.rolling(2, min_periods=1).agg(["sum", "std"]), sep="\n")
#%% correlation and statistics
import pandas as pd
df = pd.DataFrame({"x": [1, 2, 3, 4, 5], "y": [2.1, 3.9, 6.2, 7.8, 10.1], "z": [5, 3, 4, 1, 2]})
print(df.corr().round(6), df.cov().round(6), df["x"].corr(df["z"], method="pearson"), df.skew().round(6), df.kurt().round(6), df.var(), df.sem().round(6), df.mode().iloc[0], df["x"].describe(), sep="\n")
df.agg({"x": ["min", "max"], "y": "mean"})
#%% concatenating
import pandas as pd
a, b = pd.DataFrame({"x": [1], "y": ["a"]}), pd.DataFrame({"x": [2.5], "z": [True]})
print(pd.concat([a, b]), pd.concat([a, b], ignore_index=True).dtypes, pd.concat([a, b], axis=1), pd.concat({"one": a, "two": b}, join="inner"), a.combine_first(b), sep="\n")
print(pd.concat([pd.Series([1]), pd.Series([2], index=[5])]), a.reindex([0, 1]), pd.DataFrame([a.iloc[0], {"x": 3}]), a.equals(a.copy()), sep="\n")
pd.concat([])
#%% copies and views
import pandas as pd
df = pd.DataFrame({"a": [1, 2, 3]})
part = df[df["a"] > 1]
part["a"] = 0
sub = df["a"]
sub.iloc[0] = 99
print(df, part, sub, sep="\n")
df["a"][0] = 5
df["a"].tolist()
#%% from many sources
import pandas as pd, numpy as np, datetime as dt
print(pd.DataFrame([[1, "a"], [2, "b"]], columns=["n", "s"]), pd.DataFrame.from_dict({"r1": [1, 2]}, orient="index"), pd.DataFrame(np.eye(2, dtype=int)), pd.DataFrame([{"a": 1}, {"b": 2}]), pd.DataFrame({"d": [dt.date(2024, 1, 1)], "t": [dt.datetime(2024, 1, 1, 5)]}), pd.DataFrame(), pd.Series({"a": 1, "b": 2}), pd.DataFrame(columns=["x"]), sep="\n")
print(pd.DataFrame({"d": [dt.datetime(2024, 1, 1)]}).dtypes, pd.Series([dt.timedelta(1)]).dtype, pd.Series([1, "a", None]).dtype, pd.Series([]).dtype, pd.Index([1, 2]).dtype, pd.Series(["a"]).dtype)
#%% explode, stack, cumulative
import pandas as pd
df = pd.DataFrame({"k": ["a", "b"], "l": [[1, 2], []], "t": ["x,y", "z"]})
print(df.explode("l"), df.assign(t=df["t"].str.split(",")).explode("t"), df["l"].str.len().tolist(), pd.Series([1, 2, 2, 3]).drop_duplicates().tolist(), pd.Series([3, 1, 2]).argsort().tolist(), pd.Series([3, 1, 2]).idxmax(), pd.Series(list("abca")).unique(), pd.Series(list("aab")).value_counts(normalize=True), sep="\n")
#%% sales report
import pandas as pd
rows = [("2024-01-03", "north", "pen", 10, 1.5), ("2024-01-15", "south", "ink", 3, 7.25), ("2024-02-02", "north", "ink", 5, 7.25), ("2024-02-20", "north", "pen", 20, 1.4), ("2024-03-05", "south", "pen", 7, 1.5)]
df = pd.DataFrame(rows, columns=["date", "region", "item", "qty", "price"])
df["date"] = pd.to_datetime(df["date"])
df["revenue"] = df["qty"] * df["price"]
monthly = df.groupby(df["date"].dt.to_period("M"))["revenue"].sum()
print(monthly, monthly.pct_change().round(3), sep="\n")
top = df.groupby(["region", "item"])["revenue"].sum().unstack(fill_value=0)
print(top, top.idxmax(axis=1), df.loc[df.groupby("region")["revenue"].idxmax(), ["region", "item", "revenue"]], sep="\n")
print(df.pivot_table(values="qty", index="region", columns=df["date"].dt.month, aggfunc="sum").fillna(0).astype(int))
#%% styles and strings of frames
import pandas as pd
df = pd.DataFrame({"a": [1.5, 2], "b": ["x", "y"]})
print(df.to_string(index=False, header=False), df.to_csv(header=False).encode(), repr(df), str(df["a"]), df.index.tolist(), df.columns.tolist(), f"{df['a'].mean():.3f}", len(df), df.empty, df.ndim, df.size, sep="\n")
print(df.to_latex() if False else df.to_records(), df["a"].to_numpy(), df["b"].to_numpy(), sep="\n")
df.items
#%% group then custom functions
import pandas as pd
df = pd.DataFrame({"team": list("ababa"), "pts": [10, 20, 30, 40, 50]})
def spread(g): return g.max() - g.min()
print(df.groupby("team")["pts"].agg([spread, "median"]), df.groupby("team").apply(lambda g: g["pts"].nlargest(1)), df.groupby("team").filter(lambda g: len(g) > 2), df.groupby("team")["pts"].rank(ascending=False).tolist(), df.groupby("team", as_index=False).sum(), df.groupby("team")["pts"].describe(), df.groupby(df["pts"] > 25).first(), sep="\n")
df.groupby("nope")
#%% index arithmetic
import pandas as pd
a, b = pd.Series([1, 2, 3], index=list("abc")), pd.Series([10, 20], index=list("bc"))
print(a + b, a.add(b, fill_value=0), a * 2 > 3, a.align(b)[1], a.index.union(b.index), a.index.intersection(b.index), a.reindex(list("cx")), (a // 2).dtype, (a / 2).dtype, (a % 2).tolist(), -a, abs(-a).sum(), a @ a, sep="\n")
a.loc["q"]
#%% clip, round, quantile, apply along axes
import pandas as pd, numpy as np
df = pd.DataFrame(np.arange(12).reshape(4, 3) * 1.1, columns=list("abc"))
print(df.clip(2, 9), df.apply(np.sum, axis=1), df.map(lambda v: round(v, 1)), df.quantile(0.9), df.sub(df.mean()), df.idxmin(), df.where(df > 5), df.mask(df > 5, -1), df.astype(int), df.astype(int).dtypes, df.eval("d = a + b * 2"), sep="\n")
df.to_numpy().dtype, df.values.shape
#%% memory of a frame
import pandas as pd
df = pd.DataFrame({"i": [1, 2, 3], "s": ["a", "b", "c"]})
df.info()
print(df.memory_usage())
#%% cohort table
import pandas as pd
orders = pd.DataFrame({"user": [1, 1, 2, 2, 3, 3, 3], "at": pd.to_datetime(["2024-01-05", "2024-02-03", "2024-01-20", "2024-03-01", "2024-02-10", "2024-02-20", "2024-03-05"])})
orders["month"] = orders["at"].dt.to_period("M")
orders["cohort"] = orders.groupby("user")["month"].transform("min")
orders["age"] = (orders["month"] - orders["cohort"]).apply(lambda d: d.n)
table = orders.pivot_table(index="cohort", columns="age", values="user", aggfunc="nunique", fill_value=0)
print(table, table.div(table[0], axis=0).round(2), orders.dtypes, sep="\n")
#%% outliers and z-scores
import pandas as pd
s = pd.Series([10, 12, 11, 13, 12, 95, 11], name="ms")
z = (s - s.mean()) / s.std()
q1, q3 = s.quantile(0.25), s.quantile(0.75)
print(z.round(3).tolist(), s[(s < q1 - 1.5 * (q3 - q1)) | (s > q3 + 1.5 * (q3 - q1))], s.describe().round(2), sep="\n")
s.sort_values(ascending=False).head(2).to_frame().reset_index()
#%% cleaning messy columns
import pandas as pd, io
raw = io.StringIO("Name , Amount,Joined\n ann,\"$1,200.50\",2024/01/03\nBOB,n/a,03.02.2024\n,\"$5\",bad\n")
df = pd.read_csv(raw, skipinitialspace=True)
df.columns = df.columns.str.strip().str.lower()
df["amount"] = pd.to_numeric(df["amount"].str.replace(r"[$,]", "", regex=True), errors="coerce")
df["joined"] = pd.to_datetime(df["joined"], format="mixed", errors="coerce", dayfirst=True)
df["name"] = df["name"].str.strip().str.title().fillna("Unknown")
print(df, df.dtypes, sep="\n")
pd.to_numeric(pd.Series(["1", "x"]))
#%% rolling joins and asof
import pandas as pd
trades = pd.DataFrame({"t": pd.to_datetime(["2024-01-01 10:00:01", "2024-01-01 10:00:05"]), "qty": [1, 2]})
quotes = pd.DataFrame({"t": pd.to_datetime(["2024-01-01 10:00:00", "2024-01-01 10:00:04"]), "px": [9.5, 9.75]})
print(pd.merge_asof(trades, quotes, on="t"), trades.set_index("t").resample("2s").sum(), pd.Series([1, None, 3]).interpolate(), trades["t"].dt.floor("min").unique(), sep="\n")
pd.merge_asof(trades.iloc[::-1], quotes, on="t")
