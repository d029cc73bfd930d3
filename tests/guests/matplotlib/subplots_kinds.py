import io
import numpy as np
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
from PIL import Image

rng = np.random.default_rng(0)
fig, axes = plt.subplots(2, 3, figsize=(6, 4), layout="tight")
bars = axes[0, 0].bar(["a", "b", "c"], [3, 7, 5], color=["C0", "#ff0000", (0, 1, 0)])
n, edges, patches = axes[0, 1].hist(rng.normal(size=200), bins=8)
sc = axes[0, 2].scatter([1, 2, 3], [3, 1, 2], c=[0.1, 0.5, 0.9], s=[20, 40, 60], cmap="viridis")
im = axes[1, 0].imshow(np.arange(12).reshape(3, 4))
fig.colorbar(im, ax=axes[1, 0])
wedges = axes[1, 1].pie([1, 2, 3], labels=["x", "y", "z"])[0]
bp = axes[1, 2].boxplot([[1, 2, 3, 4, 50], [2, 3, 4]])
buf = io.BytesIO()
fig.savefig(buf, dpi=60)
img = Image.open(buf)
print(img.size, img.format, img.mode, len(fig.axes))
print([int(b.get_height()) for b in bars], int(n.sum()), len(edges), len(patches), len(wedges), [round(float(w.theta2 - w.theta1)) for w in wedges])
print(len(bp["fliers"][0].get_ydata()), [float(v) for v in bp["medians"][0].get_ydata()], tuple(int(v) for v in im.get_array().shape), [float(v) for v in im.get_clim()])
print(matplotlib.colors.to_hex("C1"), matplotlib.colors.to_rgb("#ff8000")[0], [round(float(v), 3) for v in plt.get_cmap("viridis")(0.5)], bars[1].get_facecolor())
colors = len(set(img.convert("RGB").getdata())) if not hasattr(img, "get_flattened_data") else len(set(img.convert("RGB").get_flattened_data()))
print(colors > 100, img.getpixel((0, 0))[:3])
plt.close("all")
