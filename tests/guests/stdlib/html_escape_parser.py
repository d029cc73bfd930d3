import html
from html.parser import HTMLParser

print(html.escape('<a href="x">T&C\'s</a>'), html.escape('"q"', quote=False))
print(html.unescape("&lt;p&gt; &amp;amp; &eacute;&#233;&#xe9; &nosuch; &copy &euro;"), ascii(html.unescape("&nbsp;")))


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.text, self.stack, self.depth = [], [], [], 0

    def handle_starttag(self, tag, attrs):
        if tag not in ("br", "img"):
            self.stack.append(tag)
            self.depth = max(self.depth, len(self.stack))
        if tag == "a":
            self.links.append(dict(attrs).get("href"))

    def handle_startendtag(self, tag, attrs):
        self.text.append(f"[{tag}]")

    def handle_endtag(self, tag):
        self.stack.pop()

    def handle_data(self, data):
        if data.strip():
            self.text.append(data.strip())

    def handle_comment(self, data):
        self.text.append(f"(comment:{data.strip()})")

    def handle_decl(self, decl):
        self.text.append("decl " + decl)

p = Links()
p.feed('<!DOCTYPE html><body><p class=big>Hi &amp; <b>bold')
p.feed('</b> <a HREF="/x?a=1&amp;b=2">link</a><br/><!-- note --><a name=q>no</a></p></body>')
p.close()
print(p.links, p.text, p.stack, p.depth)
