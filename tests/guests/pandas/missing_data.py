import numpy as np
import pandas as pd

df = pd.DataFrame({"a": [1, np.nan, 3, np.nan], "b": [np.nan, np.nan, 6.0, 8], "c": ["x", None, "z", "w"]})
print(df.isna().values.tolist(), df.isna().sum().to_dict(), df.notna().all(axis=1).tolist(), df.count().tolist())
print(df.dropna().index.tolist(), df.dropna(thresh=2).index.tolist(), df.dropna(subset=["b"]).index.tolist(), df.dropna(axis=1, how="all").shape)
print(df.fillna({"a": 0, "b": -1, "c": "?"}).values.tolist())
print(df["a"].ffill().tolist(), df["b"].bfill().tolist(), df["a"].interpolate().tolist(), df["a"].fillna(df["b"]).fillna(0).tolist())
print(df["a"].mean(), df["a"].sum(), df["a"].sum(min_count=3), df[["a", "b"]].mean(axis=1).fillna(-1).tolist())
i = pd.Series([1, None, 3], dtype="Int64")
print(i.isna().tolist(), int(i.sum()), (i + 1).fillna(0).tolist(), i.dtype.name, i.fillna(9).astype(int).tolist())
b = pd.array([True, None, False], dtype="boolean")
print((b | True).tolist(), (b & False).tolist(), pd.Series(b).fillna(False).tolist(), pd.isna(pd.NA), (pd.NA == 1) is pd.NA)
print(df["c"].where(df["c"] == "z", "other").tolist(), df["a"].mask(df["a"] > 2, 99).fillna(0).tolist(), df["a"].replace({1: 10, np.nan: 0}).tolist())
print(df.groupby("c", dropna=False).size().tolist(), df["a"].value_counts(dropna=False).sum(), df["a"].nunique(), df["a"].nunique(dropna=False))
print(df.sort_values("a", na_position="first").index.tolist()[:2], df["a"].idxmax(), df["a"].cumsum().fillna(-1).tolist(), df["a"].eq(df["a"]).tolist())
d = pd.DataFrame({"k": [1, 1, 2, 2], "v": [1, 1, 3, 4]})
print(d.duplicated().tolist(), d.drop_duplicates("k", keep="last").values.tolist(), d["v"].clip(2, 3).tolist(), d["k"].drop_duplicates().tolist())
