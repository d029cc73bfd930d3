import io
from lxml import etree, objectify
from lxml.builder import E, ElementMaker

root = E.feed(E.title("News"), *[E.entry(E.id(str(i)), {"n": str(i * i)}) for i in range(4)])
print(etree.tostring(root).decode())
A = ElementMaker(namespace="urn:a", nsmap={None: "urn:a", "b": "urn:b"})
doc = A.doc(A.item("x"), lang="en")
doc[0].set("{urn:b}k", "v")
print(etree.tostring(doc).decode(), doc.tag, doc.nsmap["b"], doc.findtext("{urn:a}item"))
big = b"<log>" + b"".join(b"<e t='%d'><m>msg %d</m></e>" % (i % 3, i) for i in range(300)) + b"</log>"
counts, last = {}, None
for ev, el in etree.iterparse(io.BytesIO(big), events=("end",), tag="e"):
    counts[el.get("t")] = counts.get(el.get("t"), 0) + 1
    last = el.findtext("m")
    el.clear()
print(counts, last)
p = etree.XMLPullParser(events=("start", "end"))
p.feed("<a><b>1</b>"); first = [(e, x.tag) for e, x in p.read_events()]
p.feed("</a>"); print(first, [(e, x.tag) for e, x in p.read_events()])

class Target:
    def __init__(self): self.out = []
    def start(self, tag, attrib): self.out.append("<" + tag)
    def end(self, tag): self.out.append(">")
    def data(self, d): self.out.append(d)
    def close(self): return "".join(self.out)

print(etree.fromstring("<x><y>t</y></x>", etree.XMLParser(target=Target())))
o = objectify.fromstring("<r><n>5</n><f>2.5</f><b>true</b><s>txt</s><n>7</n></r>")
print(o.n + 1, o.f * 2, bool(o.b), str(o.s), [int(n) for n in o.n], o.countchildren())
with etree.xmlfile("/tmp/out.xml", encoding="utf-8") as xf:
    xf.write_declaration()
    with xf.element("rows", count="2"):
        for i in range(2):
            xf.write(E.row(str(i), "é"))
t = etree.parse("/tmp/out.xml")
print(t.docinfo.encoding, t.getroot().get("count"), [r.text for r in t.getroot()], etree.tostring(t, method="c14n").decode())
rec = etree.XMLParser(recover=True)
print(etree.tostring(etree.fromstring("<a><b>x</a>", rec)).decode(), len(rec.error_log) > 0)
