import pandas as pd

s = pd.Series(["Alice Smith", "bob jones ", None, "Carla-Ann O'Neil", "42nd st"])
f = lambda x: ["-" if pd.isna(v) else v for v in x]
print(f(s.str.upper()), f(s.str.strip().str.len()), f(s.str.title()))
print(s.str.contains("o", na=False).tolist(), s.str.startswith("A").fillna(False).astype(bool).tolist(), f(s.str.find("n")))
print(f(s.str.split().str[0]), f(s.str.replace(r"[aeiou]", "*", regex=True)), f(s.str[:3]))
print(s.str.extract(r"(?P<first>\w+)[ -](?P<second>\w+)").fillna("-").values.tolist())
print(s.dropna().str.findall(r"[A-Z]").tolist(), f(s.str.count("n")), f(s.str.slice(1, 4)))
print(s.str.split(" ", n=1, expand=True).fillna("-").values.tolist())
print(f(s.str.cat(["1", "2", "3", "4", "5"], sep="_")), s.dropna().str.cat(sep="|"))
print(pd.Series(["a|b", "b", "c|a"]).str.get_dummies().values.tolist(), pd.Series(["7", "42"]).str.zfill(4).tolist(), pd.Series(["x"]).str.pad(3, side="both", fillchar=".").tolist())
print(pd.Series(["1.5", "x", "3"]).pipe(pd.to_numeric, errors="coerce").fillna(0).tolist(), pd.Series(["ab", "12", ""]).str.isdigit().tolist())
print(pd.Series(["été", "ñ"]).str.normalize("NFD").str.encode("ascii", "ignore").str.decode("ascii").tolist(), pd.Series(["b", "A", "c"]).sort_values(key=lambda x: x.str.lower()).tolist())
print(pd.Series(["a1b22", "c"]).str.extractall(r"(\d+)")[0].tolist(), pd.Series(["k=v"]).str.partition("=").values.tolist(), pd.Series(["ab"]).str.repeat(2).tolist())
print(pd.Series(["red", "blue", "red"]).value_counts().to_dict(), pd.Series(["red", "blue"]).map({"red": 1, "blue": 2}).tolist(), pd.Series(["x", "y"]).isin(["y"]).tolist())
