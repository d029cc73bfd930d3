import sys
import traceback


def inner(x):
    return 10 / x


def outer(x):
    try:
        return inner(x)
    except ZeroDivisionError as e:
        raise RuntimeError("outer failed") from e


try:
    outer(0)
except RuntimeError as e:
    tb = e.__traceback__
    print(traceback.format_exception_only(type(e), e))
    print([(f.name, f.lineno) for f in traceback.extract_tb(tb)])
    te = traceback.TracebackException.from_exception(e)
    text = "".join(te.format())
    print(text.count("Traceback (most recent call last):"), "direct cause" in text, str(te.__cause__))
    print([f.name for f in te.__cause__.stack], sys.exc_info()[1] is e)
    depth = 0
    while tb:
        depth, last, tb = depth + 1, tb, tb.tb_next
    print(depth, last.tb_frame.f_code.co_name, last.tb_frame.f_locals["x"])
print(sys.exc_info())
e = ValueError("a"); e.add_note("n1"); e.add_note("n2")
print(traceback.format_exception_only(e))
try:
    compile("x = = 1", "prog.py", "exec")
except SyntaxError as e:
    lines = traceback.format_exception_only(e)
    print(lines[0].strip(), "|", lines[1].strip(), "|", lines[-1].strip())
print([f.name for f in traceback.extract_stack()][-1], traceback.format_list([("f.py", 3, "fn", "code()")]))
