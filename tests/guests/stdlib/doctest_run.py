import doctest


def fib(n):
    """Return the n-th Fibonacci number.

    >>> [fib(i) for i in range(8)]
    [0, 1, 1, 2, 3, 5, 8, 13]
    >>> fib(-1)
    Traceback (most recent call last):
        ...
    ValueError: negative
    >>> fib(50)  # wrong on purpose
    1
    >>> print("a" + " " * 3 + "b")  # doctest: +NORMALIZE_WHITESPACE
    a b
    """
    if n < 0:
        raise ValueError("negative")
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


out = []
runner = doctest.DocTestRunner(verbose=False)
for t in doctest.DocTestFinder(recurse=False).find(fib, "fib", globs={"fib": fib}):
    res = runner.run(t, out=out.append)
    print(t.name, len(t.examples), res.failed, res.attempted)
text = "".join(out)
print("Expected:\n    1\nGot:\n    12586269025" in text, text.count("Failed example:"))
parser = doctest.DocTestParser()
ex = parser.get_examples("text\n>>> x = 1\n>>> x + 1\n2\n\nmore")
print([(e.source.strip(), e.want.strip()) for e in ex])
t = parser.get_doctest(">>> for i in range(2):\n...     print(i, '...')\n0 ...\n1 ...\n", {}, "s", None, 0)
print(tuple(doctest.DocTestRunner().run(t))[:2])
