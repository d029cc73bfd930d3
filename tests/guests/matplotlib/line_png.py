import io
import struct
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(4, 3), dpi=100)
(line,) = ax.plot([0, 1, 2, 3], [0, 1, 4, 9], "r--", marker="o", label="squares")
ax.set(title="Title é", xlabel="x", ylabel=r"$x^2$", xlim=(0, 4))
ax.legend(); ax.grid(True)
ax.annotate("peak", xy=(3, 9), xytext=(1, 7), arrowprops={"arrowstyle": "->"})
buf = io.BytesIO()
fig.savefig(buf, format="png")
png = buf.getvalue()
print(png[:8], struct.unpack(">II", png[16:24]), png[-8:-4], len(png) > 3000)
fig.savefig("/tmp/line.png", dpi=50)
data = open("/tmp/line.png", "rb").read()
print(struct.unpack(">II", data[16:24]), line.get_color(), line.get_linestyle(), [round(float(v), 3) for v in ax.get_xlim()])
rgba = fig.canvas.buffer_rgba()
import numpy as np
a = np.asarray(rgba)
print(a.shape, a[0, 0].tolist(), bool((a[..., :3] == 255).all(axis=2).mean() > 0.7), bool(((a[..., 0] > 200) & (a[..., 1] < 60)).sum() > 100))
print(ax.get_title(), ax.get_legend().get_texts()[0].get_text(), len(ax.texts), [t.get_text() for t in ax.texts])
plt.close(fig)
print(plt.get_fignums())
