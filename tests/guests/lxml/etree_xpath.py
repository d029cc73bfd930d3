from lxml import etree

doc = etree.XML("""<shop xmlns:m="urn:meta"><item id="1" m:tag="new"><name>Apple</name><price cur="EUR">1.50</price></item>
<item id="2"><name>Pear &amp; co</name><price cur="USD">2.25</price></item><!-- note --><?pi data?></shop>""")
print(doc.xpath("//item/@id"), doc.xpath("sum(//price)"), doc.xpath("count(//item)"), doc.xpath("string(//item[2]/name)"))
print(doc.xpath("//item[price > 2]/name/text()"), doc.xpath("//*[@m:tag]/@m:tag", namespaces={"m": "urn:meta"}), doc.xpath("name(//price[last()]/..)"))
print(doc.xpath("//name[contains(., 'pp')]")[0].text, doc.xpath("//item[not(@m:tag)]/@id", namespaces={"m": "urn:meta"}), doc.xpath("//price[@cur=$c]/text()", c="USD"), doc.xpath("boolean(//nope)"))
print([etree.QName(e).localname if isinstance(e.tag, str) else type(e).__name__ for e in doc.iter()])
item = doc.find("item[@id='2']")
print(item.getprevious().get("id"), item.getparent().tag, item.findtext("price"), item.sourceline, doc.getroottree().getpath(item[0]))
new = etree.SubElement(doc, "item", id="3")
etree.SubElement(new, "name").text = "<ünï>"
doc.remove(doc[0])
print(etree.tostring(new), etree.tostring(new, encoding="unicode"))
etree.strip_tags(doc, "name")
print(etree.tostring(item, encoding="unicode", with_tail=False), new.text)
f = etree.XPath("//item[@id=$i]/price/text()")
ns = etree.FunctionNamespace(None)
ns["shout"] = lambda ctx, nodes: "".join(n.text for n in nodes).upper() + "!"
print(f(doc, i="2"), doc.xpath("shout(//price)"), doc.xpath("re:test('a12', '\\d+')", namespaces={"re": "http://exslt.org/regular-expressions"}))
for bad in ("<a><b></a>", "", "<a>&nope;</a>"):
    try:
        etree.fromstring(bad)
    except etree.XMLSyntaxError as e:
        print(type(e).__name__, e.lineno)
print(etree.tostring(etree.fromstring("<a>  <b/>  </a>", etree.XMLParser(remove_blank_text=True)), pretty_print=True).decode(), end="")
