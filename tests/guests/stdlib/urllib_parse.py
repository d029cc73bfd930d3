from urllib.parse import (urlparse, urlsplit, urlunsplit, urljoin, parse_qs, parse_qsl, urlencode, quote,
                          quote_plus, unquote, unquote_plus, urldefrag)

u = urlparse("https://user:p%40ss@Example.COM:8443/a/b;v=1?q=1&q=2&empty=#frag")
print(u.scheme, u.netloc, u.path, u.params, u.query, u.fragment)
print(u.hostname, u.port, u.username, unquote(u.password), u.geturl())
print(parse_qs(u.query), parse_qs(u.query, keep_blank_values=True)["empty"], parse_qsl("a=1&b=%C3%A9+x"))
print(urlencode({"q": "caf\u00e9 & tea", "n": 5}), urlencode([("k", [1, 2])], doseq=True), urlencode({"k": [1]}))
print(quote("/path with/ünï?x"), quote("a/b", safe=""), quote_plus("a b+c"), unquote("%E6%97%A5%20x"), unquote_plus("a+b%2B"))
for ref in ("g", "./g", "../g", "../../g", "/abs", "//other/x", "?y", "#s", "http://z/"):
    print(ref, urljoin("http://a/b/c/d?q", ref))
print(urldefrag("http://x/y#z"), urlsplit("mailto:a@b.c").path, urlsplit("//h/p").netloc)
print(urlunsplit(("ftp", "host", "/p a", "x=1", "")), urlsplit("http://[::1]:80/")[1], urlsplit("http://[::1]:80/").hostname)
try:
    urlsplit("http://h:99999/").port
except ValueError:
    print("bad port")
