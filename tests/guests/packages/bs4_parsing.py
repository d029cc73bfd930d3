from bs4 import BeautifulSoup, Comment

doc = """<html><body><h1 id="top">Head</h1><ul class="list main"><li data-n="1">one</li><li>two <b>bold</b></li><li><a href="/x">three</a></li></ul>
<p>para <!-- secret --> end</p><p>unclosed <i>it<p>next &amp; last</body>"""
for parser in ("html.parser", "lxml"):
    s = BeautifulSoup(doc, parser)
    print(parser, s.h1.string, s.h1["id"], len(s.find_all("li")), s.ul["class"], [p.get_text(strip=True) for p in s.find_all("p", recursive=True)][:1])
s = BeautifulSoup(doc, "lxml")
print([li.get_text(" ", strip=True) for li in s.select("ul.main > li")], s.select_one("li[data-n]")["data-n"], s.find("a", href=True)["href"], s.select("li:nth-of-type(2) b")[0].text)
print([c.strip() for c in s.find_all(string=lambda t: isinstance(t, Comment))], s.find("b").parent.name, [x.name for x in s.b.parents][:3], s.li.find_next_sibling("li").text)
print(s.find(string="one").parent.attrs, [t.name for t in s.body.find_all(True, recursive=False)], s.find("nope"), len(list(s.ul.descendants)))
li = s.new_tag("li", attrs={"class": "new"}); li.string = "<four>"
s.ul.append(li)
s.b.replace_with("plain"); s.h1.name = "h2"; s.a.unwrap(); s.p.decompose()
del s.li["data-n"]
print(s.ul, s.h2)
print(BeautifulSoup("<div><p>a</p></div>", "html.parser").prettify())
print(s.get_text("|", strip=True), BeautifulSoup("<p>é</p>", "html.parser").encode("ascii"), BeautifulSoup(b"<p>\xe9</p>", "html.parser", from_encoding="latin-1").p.text)
x = BeautifulSoup("<r><Item n='1'/><Item n='2'>t</Item></r>", "xml")
print([i["n"] for i in x.find_all("Item")], x.r.Item.name, str(x.find("Item", n="2")))
table = BeautifulSoup("<table><tr><td>1<td>2<tr><td>3<td>4</table>", "lxml")
print([[td.text for td in tr("td")] for tr in table("tr")])
