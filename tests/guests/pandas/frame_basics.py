import pandas as pd

df = pd.DataFrame({"name": ["Ann", "Bob", "Cy", "Di"], "age": [31, 25, 42, 19], "pay": [10.5, 8.25, 20.0, 7.75]})
print(df.to_string())
print(df.shape, list(df.columns), len(df), df.index.tolist(), df.size, df.ndim)
print(df.loc[1, "name"], int(df.iloc[-1, 1]), df["age"].tolist(), df[["name", "pay"]].head(2).values.tolist())
print(df[df.age > 20].sort_values("pay", ascending=False)["name"].tolist(), df.query("age < 30 and pay > 8")["name"].tolist())
df["tax"] = (df.pay * 0.2).round(2)
df = df.assign(net=lambda d: d.pay - d.tax).rename(columns={"age": "years"})
print(df.to_string(index=False))
print(df.drop(columns="tax").set_index("name").loc["Cy"].to_dict(), df.at[0, "name"])
df.loc[len(df)] = ["Ed", 50, 1.0, 0.2, 0.8]
df.loc[df.years > 40, "net"] = 0
print(df.net.tolist(), df.nlargest(2, "years")["name"].tolist(), df.iloc[1:3]["name"].tolist())
print(df.describe().loc[["count", "mean", "min", "max"], ["years", "pay"]].round(3).to_string())
print({c: df[c].dtype.kind for c in ("years", "pay")}, df.isna().sum().sum(), bool(df.equals(df.copy())))
print(df.T.loc["years"].tolist(), [tuple(r)[1] for r in df.itertuples()], [i for i, row in df.iterrows() if row["years"] == 25])
