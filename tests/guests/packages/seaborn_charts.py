import io
import struct
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

sns.set_theme(style="whitegrid")
df = pd.DataFrame({"x": [1, 2, 3, 4, 5, 6], "y": [2.0, 4, 5, 4, 6, 7], "k": list("ababab")})


def size(fig, dpi=40):
    buf = io.BytesIO()
    fig.savefig(buf, format="png", dpi=dpi)
    plt.close(fig)
    return struct.unpack(">II", buf.getvalue()[16:24])


fig, axes = plt.subplots(1, 2, figsize=(6, 3))
a = sns.scatterplot(data=df, x="x", y="y", hue="k", ax=axes[0])
b = sns.barplot(data=df, x="k", y="y", errorbar=None, ax=axes[1])
print(a.get_xlabel(), a.get_ylabel(), [t.get_text() for t in a.get_legend().get_texts()], [round(float(p.get_height()), 4) for p in b.patches])
print(size(fig))
fig, ax = plt.subplots(figsize=(3, 3))
sns.heatmap(df[["x", "y"]].corr(), annot=True, fmt=".2f", ax=ax, cbar=False)
print([t.get_text() for t in ax.texts], [t.get_text() for t in ax.get_xticklabels()], size(fig))
fig, ax = plt.subplots()
sns.histplot(data=df, x="y", bins=5, ax=ax)
print([int(p.get_height()) for p in ax.patches], len(sns.color_palette("deep", 4)), sns.color_palette(["#ff0000"])[0])
plt.close("all")
