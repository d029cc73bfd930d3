import io
from pypdf import PdfReader, PdfWriter
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen import canvas
from reportlab.platypus import SimpleDocTemplate, Paragraph, Table, Spacer
from reportlab.lib.styles import getSampleStyleSheet

buf = io.BytesIO()
c = canvas.Canvas(buf, pagesize=A4)
c.setTitle("Report"); c.setAuthor("Ann")
for i in range(3):
    c.setFont("Helvetica", 14)
    c.drawString(72, 750, f"Page number {i + 1}")
    c.rect(72, 600, 100, 50, fill=1); c.line(0, 0, 100, 100)
    c.showPage()
c.save()
print(buf.getvalue()[:5], len(buf.getvalue()) > 1000)
r = PdfReader(buf)
print(len(r.pages), r.metadata.title, r.metadata.author, [p.extract_text().strip() for p in r.pages], [round(float(v)) for v in r.pages[0].mediabox[2:]])
w = PdfWriter()
for p in reversed(r.pages):
    w.add_page(p)
w.pages[0].rotate(90)
w.add_metadata({"/Title": "Reversed"})
out = io.BytesIO(); w.write(out)
r2 = PdfReader(out)
print([p.extract_text().strip()[-1] for p in r2.pages], r2.pages[0].rotation, r2.metadata.title)
flow = io.BytesIO()
styles = getSampleStyleSheet()
SimpleDocTemplate(flow, pagesize=A4).build([Paragraph("Hello <b>bold</b> world", styles["Title"]), Spacer(1, 20), Table([["k", "v"], ["a", "17"]])] + [Paragraph(f"Line {i} " * 20, styles["Normal"]) for i in range(40)])
rf = PdfReader(flow)
text = rf.pages[0].extract_text()
print(len(rf.pages) >= 2, "Hello bold world" in text, "17" in text, "Line 39" in rf.pages[-1].extract_text())
