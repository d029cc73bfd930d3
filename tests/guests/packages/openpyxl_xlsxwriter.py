import io
import datetime
import zipfile
import openpyxl
import xlsxwriter
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font, PatternFill, Alignment
from openpyxl.utils import get_column_letter, column_index_from_string

wb = openpyxl.Workbook()
ws = wb.active
ws.title = "Data"
ws.append(["item", "n", "when"])
for i in range(1, 4):
    ws.append([f"it{i}", i * 1.5, datetime.date(2024, i, 1)])
ws["A1"].font = Font(bold=True, color="FF0000"); ws["B2"].fill = PatternFill("solid", fgColor="00FF00")
ws["B5"] = "=SUM(B2:B4)"; ws["B2"].number_format = "0.00"; ws["A6"].alignment = Alignment(wrap_text=True)
ws.merge_cells("A7:C7"); ws["A7"] = "merged"; ws.freeze_panes = "A2"; ws.auto_filter.ref = "A1:C4"
chart = BarChart(); chart.add_data(Reference(ws, min_col=2, min_row=1, max_row=4), titles_from_data=True); ws.add_chart(chart, "E2")
wb.create_sheet("Other", 0)["A1"] = "é"
buf = io.BytesIO(); wb.save(buf)
back = openpyxl.load_workbook(buf)
w = back["Data"]
print(back.sheetnames, w.dimensions, [c.value for c in w[1]], w["B5"].value, w["C3"].value.isoformat()[:10], w["A1"].font.b, w["B2"].number_format)
print([str(r) for r in w.merged_cells.ranges], w.freeze_panes, [[c for c in r] for r in w.iter_rows(min_row=2, max_row=3, max_col=2, values_only=True)], back["Other"]["A1"].value)
print(get_column_letter(28), column_index_from_string("AZ"), w.cell(4, 1).coordinate, "xl/charts/chart1.xml" in zipfile.ZipFile(buf).namelist())
w.delete_rows(2); w.insert_cols(1); print(w["B2"].value, w.max_column)
out = io.BytesIO()
with xlsxwriter.Workbook(out, {"in_memory": True}) as x:
    s = x.add_worksheet("XW"); s.write_row(0, 0, ["a", 1, True, None]); s.write_formula("B2", "=B1*2", None, 2); s.write_datetime(2, 0, datetime.datetime(2024, 1, 2), x.add_format({"num_format": "yyyy-mm-dd"}))
r = openpyxl.load_workbook(out, data_only=True)["XW"]
print([c.value for c in r[1]], r["B2"].value, r["A3"].value.isoformat())
