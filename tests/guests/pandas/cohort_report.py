import io
import pandas as pd

orders = pd.read_csv(io.StringIO("""user,day,total
u1,2024-01-03,20
u2,2024-01-15,35.5
u1,2024-02-02,10
u3,2024-02-20,99
u2,2024-03-01,5
u1,2024-03-05,12.5
u3,2024-03-30,1
u4,2024-03-31,40
"""), parse_dates=["day"])
orders["month"] = orders["day"].dt.strftime("%Y-%m")
orders["cohort"] = orders.groupby("user")["month"].transform("min")
tab = orders.pivot_table(index="cohort", columns="month", values="user", aggfunc="nunique", fill_value=0)
print(tab.to_string())
rev = orders.groupby("month")["total"].agg(["sum", "count", "mean"]).round(2)
rev["growth"] = rev["sum"].pct_change().mul(100).round(1)
print(rev.to_string(na_rep="-"))
top = orders.groupby("user")["total"].sum().sort_values(ascending=False)
print(top.to_dict(), top.cumsum().div(top.sum()).round(3).tolist())
gap = orders.sort_values("day").groupby("user")["day"].diff().dt.days
print(gap.dropna().astype(int).tolist(), float(gap.mean()))
weekday = orders["day"].dt.day_name().value_counts().sort_index()
print(weekday.to_dict())
orders["bucket"] = pd.cut(orders["total"], [0, 10, 50, 1000], labels=["S", "M", "L"])
print(orders.groupby("bucket", observed=True)["total"].sum().to_dict(), orders.loc[orders["total"].idxmax(), "user"])
print(orders.groupby("user").agg(first=("day", "min"), n=("day", "size"))["first"].dt.strftime("%d %b").to_dict())
