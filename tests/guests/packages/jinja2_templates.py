from jinja2 import Environment, DictLoader, StrictUndefined, Template, UndefinedError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment, SecurityError

env = Environment(loader=DictLoader({
    "base.html": "<h1>{% block title %}base{% endblock %}</h1>{% block body %}{% endblock %}",
    "page.html": "{% extends 'base.html' %}{% block title %}{{ super() }}:{{ t|upper }}{% endblock %}{% block body %}{% include 'row.html' %}{% endblock %}",
    "row.html": "{% for k, v in items|dictsort %}{{ loop.index }}/{{ loop.length }} {{ k }}={{ v }}{% if not loop.last %}, {% endif %}{% else %}none{% endfor %}",
    "mac.html": "{% macro tag(n, c='') %}<{{ n }}>{{ c }}{{ caller() if caller else '' }}</{{ n }}>{% endmacro %}",
}), autoescape=True, trim_blocks=True, lstrip_blocks=True)
print(env.get_template("page.html").render(t="x<y", items={"b": 2, "a": 1}), env.get_template("page.html").render(t="", items={}))
print(env.from_string("{% import 'mac.html' as m %}{{ m.tag('b', '<i>') }}{% call m.tag('p') %}in{% endcall %}").render())
t = Template("{% set ns = namespace(n=0) %}{% for i in xs if i % 2 %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }} {{ xs|map('string')|join('-') }} {{ xs|sum }} {{ xs|select('gt', 2)|list }}")
print(t.render(xs=[1, 2, 3, 4, 5]))
print(Template("{{ 'a'|default('z') }} {{ q|default('z') }} {{ name|title|replace('o', '0') }} {{ 3.14159|round(2) }} {{ [3,1,2]|sort|reverse|list }} {{ 'abc'[1:] }} {{ 5 is odd }} {{ x.y.z }}").render(name="foo bar", x={"y": {"z": 9}}))
env.filters["money"] = lambda v: f"${v:,.2f}"
env.tests["even3"] = lambda v: v % 6 == 0
env.globals["now"] = lambda: "noon"
print(env.from_string("{{ 1234.5|money }} {{ 12 is even3 }} {{ now() }} {{ '<b>'|e }} {{ '<b>'|safe }} {{ {'a': 1}|tojson }} {{ rows|groupby('k')|map('first')|list }}").render(rows=[{"k": 1}, {"k": 2}, {"k": 1}]))
print(repr(env.from_string("a\n  {%- if true %}\n  b\n  {%- endif %}\n\n{# c #}{% raw %}{{ x }}{% endraw %}").render()))
for src, e in (("{{ a.b }}", Environment(undefined=StrictUndefined)), ("{% if %}", env), ("{{ ''.__class__.__mro__ }}", SandboxedEnvironment())):
    try:
        print(e.from_string(src).render())
    except (UndefinedError, TemplateSyntaxError, SecurityError) as ex:
        print(type(ex).__name__)
