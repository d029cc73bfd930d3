from lxml import html
from lxml.html import builder as E

page = """<html><head><title>Shop</title></head><body>
<div class="card big"><h2>One<h2><p>First <b>bold</b> text<a href="/one?x=1&amp;y=2">go</a>
<div class="card"><a href='http://other.org/'>Other</a><br><img src=pic.png>
<table><tr><th>k<th>v<tr><td>a<td>1<tr><td>b<td>22</table>
<form action="/s" method=post><input name=q value=hello><input type=checkbox name=c checked>
<select name=s><option value=1>x<option value=2 selected>y</select></form></body>"""
doc = html.fromstring(page)
print(doc.findtext(".//title"), len(doc.find_class("card")), doc.xpath("//a/@href"))
print([[c.text for c in row] for row in doc.xpath("//table//tr")], doc.xpath("//p")[0].text_content().split())
doc.make_links_absolute("https://site.test/dir/page.html")
print([(el.tag, attr, link) for el, attr, link, pos in doc.iterlinks()])
form = doc.forms[0]
print(form.method, form.action, sorted(form.fields.keys()), form.fields["q"], form.inputs["s"].value, form.inputs["c"].checked)
form.fields["q"] = "new"
print(form.form_values())
frag = html.fragments_fromstring("<p>a</p>tail<p>b</p>")
print([f.tag for f in frag], frag[0].tail, html.tostring(html.fragment_fromstring("<i>x</i><u>y</u>", create_parent="div")))
built = E.DIV(E.CLASS("note"), E.P("hi ", E.B("there")), E.A("l", href="#"))
print(html.tostring(built, encoding="unicode"), built.get("class"))
card = doc.find_class("big")[0]
card.drop_tree()
print(len(doc.find_class("card")), html.tostring(html.fromstring("<p>é<br>x</p>"), encoding="unicode"))
