# SPDX-License-Identifier: Apache-2.0
"""A small report with numpy and pandas: skerry run examples/python/pandas_report.py"""

import numpy as np
import pandas as pd

rng = np.random.default_rng(2026)
orders = pd.DataFrame(
    {
        "month": pd.date_range("2026-01-01", periods=180, freq="D").strftime("%Y-%m"),
        "region": rng.choice(["north", "south", "west"], size=180),
        "amount": rng.gamma(shape=2.0, scale=50.0, size=180).round(2),
    }
)
report = orders.pivot_table(index="month", columns="region", values="amount", aggfunc="sum", margins=True)
print(report.round(0).astype(int))
print(f"\n{len(orders)} orders, mean {orders.amount.mean():.2f}, largest {orders.amount.max():.2f}")
