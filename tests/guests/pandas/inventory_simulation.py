import numpy as np
import pandas as pd

rng = np.random.default_rng(11)
days, skus = 60, ["A", "B", "C"]
demand = pd.DataFrame(rng.integers(0, 9, (days, 3)), columns=skus, index=pd.date_range("2024-01-01", periods=days))
print(demand.sum().to_dict(), demand.head(3).values.tolist())
stock, rows = dict.fromkeys(skus, 20), []
for day, row in demand.iterrows():
    for k in skus:
        sold = min(stock[k], int(row[k]))
        stock[k] -= sold
        order = 14 if stock[k] < 6 else 0
        rows.append({"day": day, "sku": k, "sold": sold, "lost": int(row[k]) - sold, "order": order})
        stock[k] += order
log = pd.DataFrame(rows)
summ = log.groupby("sku")[["sold", "lost", "order"]].sum()
summ["fill"] = (summ.sold / (summ.sold + summ.lost)).round(4)
print(summ.to_string())
print(stock, bool((summ.sold + summ.lost == demand.sum()).all()), {k: int(20 + summ.order[k] - summ.sold[k]) for k in skus} == stock)
weekly = log.pivot_table(index=log.day.dt.isocalendar().week.astype(int), columns="sku", values="sold", aggfunc="sum")
print(weekly.head(3).to_string(), weekly.shape)
print(log.loc[log.order > 0].groupby("sku").size().to_dict(), log.groupby("day")["sold"].sum().idxmax().strftime("%a %d %b"))
