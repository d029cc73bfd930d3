import mimetypes
from http import HTTPStatus, HTTPMethod
from http.cookies import SimpleCookie
import xmlrpc.client
import urllib.request

mt = mimetypes.MimeTypes()
for f in ("a.html", "b.JPG", "c.tar.gz", "d.json", "e.py", "f.unknownext", "g.csv", "h.pdf"):
    print(f, mt.guess_type(f))
print(mt.guess_extension("image/png"), ".txt" in mt.guess_all_extensions("text/plain"))
mt.add_type("application/x-skerry", ".sky")
print(mt.guess_type("x.sky")[0], HTTPStatus(404).phrase, HTTPStatus.OK == 200, HTTPMethod.POST.value)
c = SimpleCookie("sid=abc123; theme=\"dark mode\"")
print({k: v.value for k, v in c.items()})
c["sid"]["path"] = "/"; c["sid"]["httponly"] = True; c["sid"]["max-age"] = 60
print(c["sid"].OutputString())
body = xmlrpc.client.dumps((1, "two", [3.5, {"k": True}]), "meth")
print(xmlrpc.client.loads(body), body.count("<value>"))
req = urllib.request.Request("http://example.com/p?q=1", data=b"x=1", headers={"User-Agent": "t"})
print(req.get_method(), req.host, req.selector, req.get_header("User-agent"))
with urllib.request.urlopen("data:text/plain;base64,aGVsbG8=") as r:
    print(r.read(), r.headers.get_content_type())
