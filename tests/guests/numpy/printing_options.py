import numpy as np

with np.printoptions(precision=3, suppress=True):
    print(np.array([1.23456, 1e-9, 1000.5]))
    print(np.array([[0.1, 22.25], [333.0, 4.4444]]))
print(np.array([1, 200, -3]), np.array([True, False]), np.array(["a", "bcd"]))
print(np.arange(2000), np.zeros((0, 3)).shape)
print(np.array([1.0, 2.5, np.nan, np.inf]), np.array([1 + 2j, -1j]))
print(np.arange(24).reshape(2, 3, 4))
print(repr(np.array([1, 2, 3])), repr(np.array([1.5, 2.0])), repr(np.array([[True]])))
print(np.array([1e10, 1.0]), np.array([1e-5, 1.0]), np.array([0.1 + 0.2]), np.array([123456789.123]))
with np.printoptions(threshold=5, edgeitems=2, linewidth=40):
    print(np.arange(100))
with np.printoptions(formatter={"float": lambda v: f"<{v:.1f}>"}, sign=" "):
    print(np.array([1.0, 2.25]))
print(np.array2string(np.array([0.5, 0.25]), precision=1, floatmode="fixed"), np.array_repr(np.array([7])), str(np.array(5)))
print(f"{np.float64(3.14159):.2f} {np.int64(42):05d} {float(np.float32(0.5))}", "%d %.1f" % (np.int32(7), np.float64(2.25)))
