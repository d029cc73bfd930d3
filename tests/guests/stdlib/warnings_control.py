import warnings

def old():
    warnings.warn("use new()", DeprecationWarning, stacklevel=2)
    return 1

with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter("always")
    old(); old()
    warnings.warn("plain")
print([(x.category.__name__, str(x.message)) for x in w])
with warnings.catch_warnings():
    warnings.simplefilter("error")
    try:
        old()
    except DeprecationWarning as e:
        print("raised", e)
with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter("ignore")
    warnings.filterwarnings("always", message="keep.*", category=UserWarning)
    warnings.warn("keep this"); warnings.warn("drop this")
print([str(x.message) for x in w])
with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter("default")
    for i in range(3):
        warnings.warn("same place")
print(len(w))

class MyWarning(UserWarning):
    pass

shown = []
with warnings.catch_warnings():
    warnings.simplefilter("always")
    warnings.showwarning = lambda m, c, f, l, *a: shown.append(f"{c.__name__}: {m}")
    warnings.warn("custom", MyWarning)
    warnings.warn(MyWarning("instance"))
print(shown, issubclass(MyWarning, Warning))
