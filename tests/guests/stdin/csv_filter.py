import csv
import sys
from collections import defaultdict

reader = csv.DictReader(sys.stdin)
totals, bad = defaultdict(float), []
for row in reader:
    try:
        totals[row["region"]] += float(row["amount"])
    except ValueError:
        bad.append((reader.line_num, row["amount"]))
out = csv.writer(sys.stdout, lineterminator="\n")
out.writerow(["region", "total"])
for region, amount in sorted(totals.items(), key=lambda kv: -kv[1]):
    out.writerow([region, f"{amount:.2f}"])
print("bad rows:", bad)
print("fields:", reader.fieldnames, file=sys.stdout)
print("isatty", sys.stdin.isatty(), sys.stdin.encoding.lower().replace("-", ""))
