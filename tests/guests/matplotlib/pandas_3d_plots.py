import io
import struct
import numpy as np
import pandas as pd
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt


def size(fig, **kw):
    buf = io.BytesIO()
    fig.savefig(buf, format="png", **kw)
    return struct.unpack(">II", buf.getvalue()[16:24])


df = pd.DataFrame({"a": [1, 3, 2], "b": [4, 1, 5]}, index=["x", "y", "z"])
ax = df.plot.bar(rot=0, figsize=(3, 2), title="bars")
print(size(ax.figure, dpi=80), [t.get_text() for t in ax.get_xticklabels()], [t.get_text() for t in ax.get_legend().get_texts()], len(ax.patches))
ax2 = df.plot(y="a", secondary_y=False, style="g-o")
print([int(v) for v in ax2.lines[0].get_ydata()], ax2.lines[0].get_color())
fig = plt.figure(figsize=(3, 3))
ax3 = fig.add_subplot(projection="3d")
X, Y = np.meshgrid(np.linspace(-1, 1, 8), np.linspace(-1, 1, 8))
surf = ax3.plot_surface(X, Y, X ** 2 + Y ** 2, cmap="plasma")
print(size(fig, dpi=50), ax3.name, [round(float(v), 1) for v in surf.get_clim()])
fig4, axp = plt.subplots(subplot_kw={"projection": "polar"})
axp.plot(np.linspace(0, 2 * np.pi, 20), np.ones(20))
print(axp.name, size(fig4, dpi=20))
fig5, axc = plt.subplots()
cs = axc.contourf(X, Y, X * Y, levels=[-1, -0.5, 0, 0.5, 1])
q = axc.quiver(X, Y, -Y, X)
print([float(v) for v in cs.levels], q.N, len(plt.get_fignums()), size(fig5, dpi=30, bbox_inches=None))
