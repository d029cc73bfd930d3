import difflib

a = "one\ntwo\nthree\nfour\nfive\n".splitlines(keepends=True)
b = "one\ntoo\nthree\nfive\nsix\n".splitlines(keepends=True)
print("".join(difflib.unified_diff(a, b, "old.txt", "new.txt", n=1)), end="")
print("=====")
print("".join(difflib.ndiff(a, b)), end="")
print("=====")
sm = difflib.SequenceMatcher(None, "private Thread current;", "private volatile Thread current;")
print(round(sm.ratio(), 4), sm.find_longest_match().size)
for tag, i1, i2, j1, j2 in sm.get_opcodes():
    print(tag, i1, i2, j1, j2)
print(difflib.get_close_matches("appel", ["ape", "apple", "peach", "puppy"]))
print(difflib.get_close_matches("zzz", ["ape", "apple"]), [round(difflib.SequenceMatcher(None, "abcd", s).ratio(), 3) for s in ("abcd", "bcde", "wxyz")])
delta = list(difflib.ndiff(a, b))
print("".join(difflib.restore(delta, 1)) == "".join(a), "".join(difflib.restore(delta, 2)) == "".join(b))
print("".join(difflib.context_diff(a, b, "x", "y", n=0)).count("***"))
