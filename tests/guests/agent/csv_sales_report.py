import csv
import io
import json
from collections import defaultdict
from datetime import date
from statistics import mean, median

DATA = """date,region,product,units,price
2024-01-15,North,Widget,120,2.50
2024-01-20,South,Gadget,35,19.99
2024-02-03,North,Gadget,12,19.99
2024-02-14,East,Widget,300,2.25
2024-03-01,South,Widget,80,2.50
2024-03-22,East,Gizmo,5,149.00
2024-03-30,North,Widget,not available,2.50
"""
rows, errors = [], []
for n, r in enumerate(csv.DictReader(io.StringIO(DATA)), start=2):
    try:
        rows.append({**r, "date": date.fromisoformat(r["date"]), "units": int(r["units"]), "price": float(r["price"])})
    except ValueError as e:
        errors.append({"line": n, "error": str(e)})
by_region, by_month = defaultdict(float), defaultdict(float)
for r in rows:
    r["revenue"] = round(r["units"] * r["price"], 2)
    by_region[r["region"]] += r["revenue"]
    by_month[r["date"].strftime("%Y-%m")] += r["revenue"]
print(f"{'Region':<10}{'Revenue':>12}{'Share':>8}")
total = sum(by_region.values())
for region, rev in sorted(by_region.items(), key=lambda kv: kv[1], reverse=True):
    print(f"{region:<10}{rev:>12,.2f}{rev / total:>8.1%}")
print(f"{'Total':<10}{total:>12,.2f}")
best = max(rows, key=lambda r: r["revenue"])
report = {"rows": len(rows), "errors": errors, "months": {k: round(v, 2) for k, v in sorted(by_month.items())}, "mean": round(mean(r["revenue"] for r in rows), 2),
          "median": round(median(r["revenue"] for r in rows), 2), "best": f"{best['product']} in {best['region']}"}
print(json.dumps(report, indent=2))
