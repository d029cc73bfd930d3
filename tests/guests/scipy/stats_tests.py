import numpy as np
from scipy import stats as st

r = lambda v, n=6: round(float(v), n)
print(r(st.norm.cdf(1.96)), r(st.norm.ppf(0.975)), r(st.t.sf(2, 10)), r(st.chi2.isf(0.05, 3)), r(st.binom.pmf(3, 10, 0.5)), r(st.poisson.cdf(2, 3)))
print(r(st.expon(scale=2).mean()), [r(v) for v in st.gamma(2, scale=3).stats()], r(st.beta(2, 5).median()), [r(v, 4) for v in st.norm.interval(0.9, 10, 2)])
a = [5.1, 4.9, 5.6, 5.8, 6.0, 5.5]
b = [4.8, 5.0, 4.7, 5.2, 5.1, 4.6]
for name, res in (("t", st.ttest_ind(a, b)), ("welch", st.ttest_ind(a, b, equal_var=False)), ("rel", st.ttest_rel(a, b)), ("1samp", st.ttest_1samp(a, 5)),
                  ("mwu", st.mannwhitneyu(a, b)), ("ks", st.ks_2samp(a, b)), ("wilcoxon", st.wilcoxon(a, b)), ("levene", st.levene(a, b)), ("shapiro", st.shapiro(a))):
    print(name, r(res.statistic, 4), r(res.pvalue, 4))
print(r(st.f_oneway(a, b, [6, 7, 8, 6, 7, 8]).pvalue), r(st.kruskal(a, b).pvalue), r(st.pearsonr(a, b)[0]), r(st.spearmanr(a, b)[0]), r(st.kendalltau(a, b)[0]))
chi, p, dof, exp = st.chi2_contingency([[10, 20], [30, 25]])
print(r(chi), r(p), int(dof), exp.round(3).tolist(), r(st.fisher_exact([[8, 2], [1, 5]])[1]), r(st.chisquare([18, 22, 20]).pvalue))
lr = st.linregress([1, 2, 3, 4, 5], [2.2, 4.1, 6.2, 7.8, 10.1])
print(r(lr.slope), r(lr.intercept), r(lr.rvalue), r(lr.stderr), st.zscore([1, 2, 3]).round(4).tolist(), st.rankdata([3, 1, 3]).tolist())
print(r(st.skew(a)), r(st.kurtosis(a)), r(st.iqr(a)), r(st.gmean([1, 4])), r(st.entropy([0.5, 0.25, 0.25], base=2)), r(st.trim_mean([1, 2, 3, 100], 0.25)))
mu, sd = st.norm.fit(st.norm.rvs(3, 2, size=4000, random_state=1))
print(abs(mu - 3) < 0.1, abs(sd - 2) < 0.1, r(st.gaussian_kde([1, 2, 3])(2)[0], 5), st.mode([1, 2, 2]).mode == 2)
