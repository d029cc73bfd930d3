import io
import re
import xml.etree.ElementTree as ET
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import matplotlib.dates as mdates
import datetime

plt.rcParams.update({"svg.hashsalt": "x", "svg.fonttype": "none", "font.size": 9})
fig, ax = plt.subplots(figsize=(3, 2))
days = [datetime.date(2024, 1, 1) + datetime.timedelta(days=30 * i) for i in range(4)]
ax.fill_between(days, [1, 3, 2, 5], alpha=0.3)
ax.step(days, [1, 3, 2, 5], where="post", color="k")
ax.xaxis.set_major_formatter(mdates.DateFormatter("%b %d"))
ax.set_xticks(days)
ax.set_yscale("log")
ax.axhline(2, ls=":"); ax.axvspan(days[1], days[2], color="y")
fig.autofmt_xdate()
svg = io.StringIO()
fig.savefig(svg, format="svg")
root = ET.fromstring(svg.getvalue())
texts = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
print(root.tag.split("}")[1], root.get("width"), root.get("height"), [t for t in texts if t and re.match(r"[A-Z][a-z]{2} \d\d", t)])
pdf = io.BytesIO()
fig.savefig(pdf, format="pdf")
print(pdf.getvalue()[:5], b"/MediaBox" in pdf.getvalue(), pdf.getvalue().strip()[-5:])
fig.canvas.draw()
print([t.get_text() for t in ax.get_xticklabels()], ax.get_yscale(), len(ax.lines), len(ax.patches), len(ax.collections))
raw = io.BytesIO()
fig.savefig(raw, format="rgba", dpi=40)
print(len(raw.getvalue()) == 120 * 80 * 4, sorted({"png", "svg", "pdf"} & set(fig.canvas.get_supported_filetypes())))
