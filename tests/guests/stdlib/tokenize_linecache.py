import io
import keyword
import linecache
import token
import tokenize

src = "def f(a, b=1):\n    # note\n    return a + b * 2.5 if a else 'é'\n"
for t in tokenize.generate_tokens(io.StringIO(src).readline):
    print(t.start, token.tok_name[t.type], repr(t.string))
toks = [(t.type, t.string) for t in tokenize.generate_tokens(io.StringIO("x=1+ y\n").readline)]
print(tokenize.untokenize(toks).split(), tokenize.detect_encoding(iter([b"# -*- coding: latin-1 -*-\n"]).__next__)[0])
ops = [token.tok_name[t.exact_type] for t in tokenize.generate_tokens(io.StringIO("a <= b ** c // d @ e != f -> g := h\n").readline) if t.type == token.OP]
print(ops)
with open("/tmp/lc.txt", "w") as f:
    f.write("first\nsecond\nthird")
print(repr(linecache.getline("/tmp/lc.txt", 2)), repr(linecache.getline("/tmp/lc.txt", 3)), repr(linecache.getline("/tmp/lc.txt", 9)))
with open("/tmp/lc.txt", "w") as f:
    f.write("changed line\n")
linecache.checkcache("/tmp/lc.txt")
print(linecache.getlines("/tmp/lc.txt"), linecache.getline("/nope", 1) == "")
print(keyword.iskeyword("async"), keyword.iskeyword("print"), "match" in keyword.softkwlist)
try:
    list(tokenize.generate_tokens(io.StringIO("x = (1,\n").readline))
except (tokenize.TokenError, SyntaxError) as e:
    print(type(e).__name__)
