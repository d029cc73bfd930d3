import string

print(string.ascii_lowercase[:5], string.digits, string.hexdigits[-6:], len(string.punctuation), string.capwords("the quick  fox"))
t = string.Template("$who owes ${amount}.00 $$ to $other")
print(t.substitute(who="Ann", amount=5, other="Bob"))
print(t.safe_substitute(who="Ann"))
try:
    t.substitute(who="x")
except KeyError as e:
    print("missing", e)
try:
    string.Template("bad $ sign\nhere $").substitute()
except ValueError as e:
    print("invalid", "line 1" in str(e))


class Pct(string.Template):
    delimiter = "%"
    idpattern = r"[a-z]+_[a-z]+"


print(Pct("%with_x %plain %%").safe_substitute(with_x="yes"), sorted(t.get_identifiers()))
f = string.Formatter()
print(list(f.parse("a{0!r:>{w}}b{name.attr[3]}")))
print(f.format("{0:>6}|{k:^7}|{1!r}", 3, "q", k="mid"), f.vformat("{} {}", (1, 2), {}))


class Shout(string.Formatter):
    def convert_field(self, value, conversion):
        return str(value).upper() if conversion == "u" else super().convert_field(value, conversion)


print(Shout().format("{0!u} {0!r}", "hey"), "{:,}".format(10 ** 9), "{:>{}}".format("r", 4))
rot = str.maketrans(string.ascii_letters, "".join(a[13:] + a[:13] for a in (string.ascii_lowercase, string.ascii_uppercase)))
print("Hello, World".translate(rot), "Hello, World".translate(rot).translate(rot))
