import attrs
import more_itertools as mi
import regex
import tabulate
import toolz
import xmltodict
from dateutil import parser, relativedelta, rrule, tz
from datetime import datetime

print([d.isoformat() for d in (parser.parse("Feb 29 2024 3pm"), parser.parse("2024-01-02T03:04:05Z"), parser.parse("10/11/12", dayfirst=True))])
print(datetime(2024, 1, 31) + relativedelta.relativedelta(months=1, days=1), relativedelta.relativedelta(datetime(2024, 3, 1), datetime(2020, 5, 20)).years)
print([d.strftime("%m-%d") for d in rrule.rrule(rrule.WEEKLY, byweekday=(rrule.TU, rrule.TH), dtstart=datetime(2024, 1, 1), count=4)], tz.UTC.utcoffset(None))
print(tabulate.tabulate([["a", 1], ["bb", 22.5]], headers=["k", "v"], tablefmt="github"))
print(tabulate.tabulate({"x": [1, 2], "y": ["p", "q"]}, headers="keys", tablefmt="plain"))
print(list(mi.chunked(range(7), 3)), list(mi.windowed("abcd", 2)), mi.first([], "none"), list(mi.unique_everseen("abca")), mi.ilen(range(5)), [list(g) for g in mi.split_at("a-b-c", lambda c: c == "-")])
print(toolz.pipe(range(10), toolz.curried.filter(lambda v: v % 2), toolz.curried.map(lambda v: v * v), sum), toolz.groupby(len, ["a", "bb", "c"]), toolz.merge({"a": 1}, {"b": 2}), toolz.get_in(["x", 0], {"x": [5]}), list(toolz.partition_all(2, [1, 2, 3])), toolz.frequencies("aab"))
print(regex.findall(r"\p{Lu}\p{Ll}+", "Élan Über abc Zed"), regex.sub(r"(?<=a+)b", "X", "aab ab b"), regex.search(r"(?:cats){e<=1}", "my cuts") is not None, regex.findall(r"(\w)(?=.*\1)", "hello", overlapped=True))
doc = xmltodict.parse("<r a='1'><i>x</i><i>y</i><e/></r>")
print(dict(doc["r"]), xmltodict.unparse({"r": {"@k": "v", "#text": "t"}}, full_document=False))


@attrs.define(order=True)
class P:
    x: int = attrs.field(validator=attrs.validators.instance_of(int), converter=int)
    tags: list = attrs.field(factory=list, repr=False, order=False)


print(P("5"), attrs.asdict(P(1, ["t"])), P(1) < P(2), attrs.evolve(P(3), x=4), [a.name for a in attrs.fields(P)])
try:
    P("abc")
except ValueError:
    print("ValueError")
