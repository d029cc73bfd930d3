import io
import xml.sax
from xml.dom import minidom
from xml.sax.saxutils import escape, quoteattr, XMLGenerator

dom = minidom.parseString("<root a='1'><x>one</x><x y='2'>two<!--c--></x></root>")
print([n.firstChild.data for n in dom.getElementsByTagName("x")], dom.documentElement.getAttribute("a"))
el = dom.createElement("new"); el.setAttribute("k", "<v>"); el.appendChild(dom.createTextNode("a&b"))
dom.documentElement.appendChild(el)
print(el.toxml(), dom.documentElement.childNodes.length)
print(dom.documentElement.toprettyxml(indent="  "), end="")


class Counter(xml.sax.ContentHandler):
    def __init__(self):
        super().__init__(); self.seen, self.text, self.path = [], [], []

    def startElement(self, name, attrs):
        self.path.append(name); self.seen.append("/".join(self.path) + str(sorted(attrs.items())))

    def endElement(self, name):
        self.path.pop()

    def characters(self, content):
        self.text.append(content)

h = Counter()
xml.sax.parseString(b"<a><b k='v'>t&lt;1</b><b/></a>", h)
print(h.seen, "".join(h.text))
out = io.StringIO()
g = XMLGenerator(out)
g.startElement("p", {"q": 'a"b'}); g.characters("x < y"); g.endElement("p")
print(out.getvalue(), escape("<&>"), quoteattr("it's"))
try:
    xml.sax.parseString(b"<a>", h)
except xml.sax.SAXParseException as e:
    print(e.getLineNumber(), type(e).__name__)
