def work(i):
    if i % 3 == 0:
        raise ValueError(f"v{i}")
    if i % 3 == 1:
        raise TypeError(f"t{i}")
    raise OSError(i, f"o{i}")


errs = []
for i in range(5):
    try:
        work(i)
    except Exception as e:
        errs.append(e)
group = ExceptionGroup("batch", [ExceptionGroup("inner", errs[:2]), *errs[2:]])
try:
    try:
        raise group
    except* ValueError as eg:
        print("values", [str(x) for x in eg.exceptions], len(eg.exceptions))
    except* TypeError as eg:
        print("types", eg.message, eg.exceptions[0].__class__.__name__)
except ExceptionGroup as rest:
    print("rest", [x.errno for x in rest.exceptions])
match, other = group.split(lambda x: isinstance(x, TypeError) and "4" in str(x))
print(len(match.exceptions), len(other.exceptions), str(match))
sub = group.subgroup(ValueError)
print(sub.message, [type(x).__name__ for x in sub.exceptions])
print(group.subgroup(KeyError), isinstance(BaseExceptionGroup("b", [ValueError()]), ExceptionGroup))
