import io
import openpyxl
import pandas as pd

df = pd.DataFrame({"item": ["nut", "bolt", "ünï"], "qty": [5, 8, 0], "cost": [0.25, 1.5, None], "on": pd.to_datetime(["2024-01-01", "2024-06-30", "2023-12-31"])})
buf = io.BytesIO()
with pd.ExcelWriter(buf, engine="openpyxl") as w:
    df.to_excel(w, sheet_name="Stock", index=False)
    df.groupby(df.qty > 0)["qty"].sum().rename("total").to_excel(w, sheet_name="Sum")
print(buf.getvalue()[:2], len(buf.getvalue()) > 3000)
buf.seek(0)
back = pd.read_excel(buf, sheet_name=None)
print(list(back), back["Stock"]["item"].tolist(), back["Stock"]["qty"].tolist(), back["Stock"]["cost"].fillna(-1).tolist(), back["Stock"]["on"].dt.day.tolist())
print(back["Sum"]["total"].tolist())
wb = openpyxl.load_workbook(buf)
ws = wb["Stock"]
print(wb.sheetnames, ws.dimensions, ws["A1"].value, ws["B3"].value, ws["A1"].font.bold, ws.max_row)
ws["E1"] = "value"
for r in range(2, ws.max_row + 1):
    ws[f"E{r}"] = f"=B{r}*C{r}"
ws.column_dimensions["A"].width = 22
wb.save("/tmp/pd_stock.xlsx")
again = openpyxl.load_workbook("/tmp/pd_stock.xlsx")["Stock"]
print(again["E2"].value, [c.value for c in again[1]], again.column_dimensions["A"].width)
part = pd.read_excel("/tmp/pd_stock.xlsx", sheet_name="Stock", usecols="A:B", skiprows=[1], nrows=1)
print(part.values.tolist(), pd.ExcelFile("/tmp/pd_stock.xlsx").sheet_names)
