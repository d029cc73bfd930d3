from lxml import etree

xslt = etree.XSLT(etree.XML("""<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:output method="xml" omit-xml-declaration="yes"/><xsl:param name="cur" select="'?'"/>
<xsl:template match="/shop"><out total="{sum(item/@p)}"><xsl:for-each select="item"><xsl:sort select="@p" data-type="number" order="descending"/>
<i><xsl:value-of select="concat(@n, ':', format-number(@p, '0.00'), $cur)"/></i></xsl:for-each></out></xsl:template></xsl:stylesheet>"""))
src = etree.XML('<shop><item n="a" p="1.5"/><item n="b" p="10"/><item n="c" p="2"/></shop>')
res = xslt(src, cur=etree.XSLT.strparam(" EUR"))
print(res.getroot().get("total"), [i.text for i in res.getroot()])
schema = etree.XMLSchema(etree.XML("""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="p"><xs:complexType>
<xs:sequence><xs:element name="age" type="xs:positiveInteger" maxOccurs="2"/></xs:sequence><xs:attribute name="id" use="required"/></xs:complexType></xs:element></xs:schema>"""))
for t in ("<p id='1'><age>5</age></p>", "<p><age>5</age></p>", "<p id='1'><age>-5</age></p>", "<p id='1'/>"):
    ok = schema.validate(etree.XML(t))
    print(ok, len(schema.error_log) > 0, schema.error_log.last_error.line if not ok else "-")
rng = etree.RelaxNG(etree.XML('<element name="a" xmlns="http://relaxng.org/ns/structure/1.0"><zeroOrMore><element name="b"><text/></element></zeroOrMore></element>'))
print(rng.validate(etree.XML("<a><b>x</b><b/></a>")), rng.validate(etree.XML("<a><c/></a>")))
import io
dtd = etree.DTD(io.StringIO("<!ELEMENT r (x+)><!ELEMENT x EMPTY><!ATTLIST x k CDATA #REQUIRED>"))
print(dtd.validate(etree.XML("<r><x k='1'/></r>")), dtd.validate(etree.XML("<r><x/></r>")), [e.name for e in dtd.iterelements()])
try:
    schema.assertValid(etree.XML("<q/>"))
except etree.DocumentInvalid as e:
    print(type(e).__name__)
try:
    etree.XSLT(etree.XML("<notxslt/>"))
except etree.XSLTParseError as e:
    print(type(e).__name__)
