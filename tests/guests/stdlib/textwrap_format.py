import textwrap

text = ("The quick brown fox jumps over the lazy dog. Supercalifragilisticexpialidocious words "
        "need breaking, and well-known hyphens too.")
print(textwrap.fill(text, 30))
print("-" * 30)
for line in textwrap.wrap(text, 24, initial_indent="* ", subsequent_indent="  ", break_long_words=False):
    print(repr(line))
print(textwrap.shorten(text, 40, placeholder=" [...]"))
block = """
    def f(x):
        return x

    # end
"""
d = textwrap.dedent(block).strip()
print(d)
print(textwrap.indent(d, ">> "))
print(textwrap.indent("a\n\nb", "+", predicate=lambda l: True))
w = textwrap.TextWrapper(width=20, max_lines=2, placeholder="~", fix_sentence_endings=True)
print(w.wrap("one two three four. five six seven eight nine ten"))
print(textwrap.wrap("a\tb  c", expand_tabs=True, tabsize=4), textwrap.wrap("aaa-bbb-ccc", 5, break_on_hyphens=True))
