import pandas as pd

s = pd.Series([10, 20, 30], index=["a", "b", "c"], name="v")
t = pd.Series([1, 2, 3], index=["b", "c", "d"])
print((s + t).fillna(0).to_dict(), s.add(t, fill_value=0).to_dict(), s["b":"c"].tolist(), s.get("z", "none"), "a" in s)
print(s.reindex(["c", "a", "x"], fill_value=-1).to_dict(), s.drop("b").index.tolist(), s.rename(str.upper).index.tolist(), s.idxmax(), s.to_frame().columns.tolist())
i, j = pd.Index([1, 2, 3, 4]), pd.Index([3, 4, 5])
print(i.intersection(j).tolist(), i.union(j).tolist(), i.difference(j).tolist(), i.symmetric_difference(j).tolist(), i.get_loc(3), i.isin([2]).tolist(), i.is_unique)
df = pd.DataFrame({"x": range(4)}, index=pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1), ("b", 2)], names=["k", "n"]))
print(df.loc[("a", 2), "x"], df.loc["b"]["x"].tolist(), df.xs(1, level="n")["x"].to_dict(), df.index.get_level_values(0).unique().tolist())
print(df.unstack()["x"].values.tolist(), df.loc[pd.IndexSlice[:, 2], :]["x"].tolist(), df.sort_index(level="n", ascending=False).index.tolist()[0], df.groupby(level="k").sum()["x"].tolist())
print(df.reset_index().set_index("n").index.tolist(), df.index.to_flat_index()[0], df.reset_index(level="n").index.name, df.index.names)
d = pd.DataFrame([[1, 2], [3, 4]], index=["r1", "r2"], columns=["A", "B"])
print(d.stack().to_dict(), d.transpose().to_dict(), d.add_prefix("p_").columns.tolist(), d.rename(index={"r1": "R"}).index.tolist())
print(d.to_dict("records"), d.to_dict("list"), d.to_dict("split")["data"], d.iat[1, 0], d.values.ravel().tolist(), d.eq(3).any().tolist())
d.insert(1, "M", [7, 8])
print(d.columns.tolist(), d.pop("M").tolist(), d.filter(like="r1", axis=0).values.tolist(), d.sort_index(axis=1, ascending=False).columns.tolist(), d.squeeze().shape)
print(pd.RangeIndex(0, 10, 3).tolist(), pd.Index(["b", "a"]).sort_values().tolist(), pd.Series([1, 2], index=[5, 5]).loc[5].tolist(), d.loc["r1":, "A":].shape)
for bad in (lambda: s["zz"], lambda: d.loc["r9"], lambda: s.iloc[10]):
    try:
        bad()
    except (KeyError, IndexError) as e:
        print(type(e).__name__)
