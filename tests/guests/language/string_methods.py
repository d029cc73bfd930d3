s = "  The quick\tbrown fox  "
print(repr(s.strip()), repr(s.rstrip()), s.split(), s.expandtabs(4))
print("a,b,,c".split(","), "a,b,,c".rsplit(",", 1), "k=v=w".partition("="), "k=v=w".rpartition("="))
print("one\ntwo\r\nthree".splitlines(), "x".join("abc"), "ab" * 3)
print("hello world".title(), "hELLO".swapcase(), "hello".capitalize(), "Straße".casefold())
print("banana".count("an"), "banana".find("na", 3), "banana".rfind("x"), "banana".replace("a", "o", 2))
print("abc".center(9, "*"), "7".zfill(3), "-7".zfill(4), "ab".ljust(4) + "|", "ab".rjust(4))
print("test_file.py".removesuffix(".py").removeprefix("test_"), "aXbX".strip("aX"))
print("abc".isalpha(), "a1".isalnum(), "12".isdigit(), "Ab".isupper(), "id_1".isidentifier(), " \n".isspace())
table = str.maketrans({"a": "1", "b": None, "c": "see"})
print("abcabc".translate(table), "hello".translate(str.maketrans("el", "ip")))
print("file.tar.gz".endswith((".gz", ".zip")), "abc".startswith("bc", 1))
print("b" in "abc", "abc" < "abd", "Z" < "a", max("apple", "Apple"))
try:
    "abc".index("z")
except ValueError as e:
    print(e)
print("%5.2f|%-6s|%04d|%x|%r|%%" % (3.14159, "ab", 42, 255, "q"), "%(a)s" % {"a": 1})
