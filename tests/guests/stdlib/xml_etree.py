import io
import xml.etree.ElementTree as ET

doc = """<?xml version="1.0"?>
<shop xmlns:x="urn:x"><item id="1" kind="fruit"><name>Apple</name><price>1.50</price></item>
<item id="2"><name>Nail &amp; bolt</name><price>0.10</price><x:note>tail</x:note> end</item><!-- c --></shop>"""
root = ET.fromstring(doc)
print(root.tag, len(root), root[0].attrib, root.find("item/name").text)
print([i.get("id") for i in root.iter("item")], sum(float(p.text) for p in root.findall(".//price")))
print(root.findall("item[@kind='fruit']")[0].findtext("name"), root.findtext("item[2]/name"), root.find("nope"))
print(root.find("item/x:note", {"x": "urn:x"}).tag, repr(root.find("item[@id='2']")[2].tail))
new = ET.SubElement(root, "item", {"id": "3"})
ET.SubElement(new, "name").text = "<ünï>"
root.remove(root[0])
print(ET.tostring(new, encoding="unicode"), ET.tostring(new))
ET.indent(new)
print(ET.tostring(new, encoding="unicode"))
buf = io.BytesIO()
ET.ElementTree(new).write(buf, encoding="utf-8", xml_declaration=True)
print(buf.getvalue()[:38], ET.parse(io.BytesIO(buf.getvalue())).getroot().get("id"))
events = [(e, el.tag) for e, el in ET.iterparse(io.StringIO("<a><b/><c>t</c></a>"), ("start", "end"))]
print(events)
try:
    ET.fromstring("<a><b></a>")
except ET.ParseError as e:
    print(e.position, "mismatched" in str(e))
print(ET.canonicalize("<a z='1' b='2'><c/></a>"))
