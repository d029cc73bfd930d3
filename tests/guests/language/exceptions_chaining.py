class AppError(Exception):
    def __init__(self, msg, code):
        super().__init__(msg)
        self.code = code

def parse(s):
    try:
        return int(s)
    except ValueError as e:
        raise AppError(f"bad number {s!r}", 22) from e

def flow(n):
    steps = []
    try:
        steps.append("try")
        if n == 1:
            raise KeyError("k")
        if n == 2:
            return steps
    except KeyError:
        steps.append("except")
    else:
        steps.append("else")
    finally:
        steps.append("finally")
    return steps

try:
    parse("4x")
except AppError as e:
    print(e, e.code, type(e.__cause__).__name__, "|", e.__cause__)
try:
    try:
        {}["a"]
    except KeyError:
        [][1]
except IndexError as e:
    print(type(e.__context__).__name__, e.__cause__, e.__suppress_context__)
e = ValueError("v"); e.add_note("note one")
print(e.__notes__, [flow(i) for i in range(3)])
