import statistics as st

xs = [2.5, 3.25, 5.5, 11.25, 11.75, 4.0]
print(st.mean(xs), st.median(xs), st.median_low(xs), st.median_high(xs), round(st.fmean(xs), 6))
print(round(st.stdev(xs), 6), round(st.pstdev(xs), 6), round(st.variance(xs), 6), round(st.pvariance(xs), 6))
print(st.mode("aabbbc"), st.multimode([1, 1, 2, 2, 3]), round(st.geometric_mean([54, 24, 36]), 6), round(st.harmonic_mean([40, 60]), 6))
print([round(q, 4) for q in st.quantiles(xs, n=4)], [round(q, 4) for q in st.quantiles(range(1, 101), n=5, method="inclusive")])
x, y = [1, 2, 3, 4, 5], [2, 4.1, 6.2, 7.9, 10.1]
slope, intercept = st.linear_regression(x, y)
print(round(slope, 6), round(intercept, 6), round(st.correlation(x, y), 6), round(st.covariance(x, y), 6))
nd = st.NormalDist(mu=100, sigma=15)
print(round(nd.cdf(115), 6), round(nd.inv_cdf(0.975), 4), round(nd.pdf(100), 6), round(nd.zscore(130), 3))
s = nd + st.NormalDist(10, 8)
print(s.mean, s.stdev, round(nd.overlap(st.NormalDist(110, 15)), 6), [round(q, 2) for q in nd.quantiles(4)])
from fractions import Fraction
print(st.mean([Fraction(1, 3), Fraction(1, 6)]), st.mean([1, 2, 3, 4]), st.median_grouped([1, 2, 2, 3, 4, 4, 4, 5]))
try:
    st.mean([])
except st.StatisticsError as e:
    print(type(e).__name__)
