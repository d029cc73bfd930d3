import pandas as pd

c = pd.Categorical(["lo", "hi", "mid", "lo"], categories=["lo", "mid", "hi"], ordered=True)
s = pd.Series(c)
print(s.cat.codes.tolist(), list(s.cat.categories), s.min(), s.max(), (s > "lo").tolist(), s.sort_values().tolist())
print(s.value_counts(sort=False).to_dict(), s.cat.rename_categories({"lo": "L"}).tolist(), list(s.cat.remove_categories("mid").isna()))
print(s.cat.add_categories("max").cat.categories.tolist(), s.cat.reorder_categories(["hi", "mid", "lo"]).sort_values().tolist(), s.dtype == "category")
ages = pd.Series([3, 17, 18, 45, 64, 65, 90])
b = pd.cut(ages, [0, 17, 64, 120], labels=["child", "adult", "senior"])
print(b.tolist(), b.value_counts().to_dict())
print([str(x) for x in pd.cut(ages, 3).cat.categories], pd.cut([1, 5, 9], [0, 5, 10], right=False).codes.tolist())
print(pd.qcut(range(8), 4, labels=False).tolist(), [round(float(x), 3) for x in pd.qcut(ages, 2, retbins=True)[1]])
iv = pd.Interval(1, 5, closed="left")
print(1 in iv, 5 in iv, iv.length, iv.mid, iv.overlaps(pd.Interval(4, 9)), pd.IntervalIndex.from_breaks([0, 1, 3]).get_indexer([0.5, 2, 9]).tolist())
df = pd.DataFrame({"size": s, "n": [1, 2, 3, 4]})
print(df.groupby("size", observed=False)["n"].sum().to_dict(), df[df["size"].isin(["lo"])]["n"].tolist(), df.pivot_table(index="size", values="n", aggfunc="mean", observed=False)["n"].tolist())
u = pd.api.types.union_categoricals([pd.Categorical(["a"]), pd.Categorical(["b", "a"])])
print(u.codes.tolist(), list(u.categories), s.memory_usage(index=False, deep=True) > 0, pd.Series(["a", "b"] * 500).astype("category").nbytes < 2000)
try:
    s.iloc[0] = "unknown"
except TypeError as e:
    print(type(e).__name__)
