import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf

rng = np.random.default_rng(3)
df = pd.DataFrame({"x": np.arange(60) / 10, "g": ["a", "b", "c"] * 20})
df["y"] = 2 + 1.5 * df.x + df.g.map({"a": 0, "b": 1, "c": -1}) + rng.normal(0, 0.2, 60)
m = sm.OLS(df.y, sm.add_constant(df.x)).fit()
beta = np.linalg.lstsq(np.column_stack([np.ones(60), df.x]), df.y.to_numpy(), rcond=None)[0]
print(np.allclose(m.params.to_numpy(), beta), list(m.params.index), int(m.nobs), int(m.df_resid), 0.8 < m.rsquared < 1)
f = smf.ols("y ~ x + C(g)", data=df).fit()
print(list(f.params.index), bool((f.params - [2, 1, -1, 1.5]).abs().max() < 0.2), f.rsquared > 0.98, bool((f.pvalues < 1e-6).all()))
ci = f.conf_int()
print(ci.shape, bool((ci[0] < f.params).all()), f.predict(pd.DataFrame({"x": [1.0], "g": ["b"]})).round(0).tolist())
print(float(f.resid.sum().round(8)) + 0.0, "R-squared" in str(f.summary()), round(float(sm.stats.durbin_watson([1, -1, 1, -1])), 4))
y = (df.x + rng.normal(0, 1, 60) > 3).astype(int)
lg = sm.Logit(y, sm.add_constant(df.x)).fit(disp=0)
print(bool(lg.mle_retvals["converged"]), bool(lg.params["x"] > 0), lg.pred_table().shape)
w = sm.WLS([1, 2, 9.0], sm.add_constant([1, 2, 3.0]), weights=[1, 1, 0.0001]).fit()
print((w.params.round(2) + 0.0).tolist(), sm.GLM([1, 3, 3, 9], sm.add_constant([0, 1, 2, 3]), family=sm.families.Poisson()).fit().params.round(4).tolist())
