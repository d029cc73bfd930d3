# SPDX-License-Identifier: Apache-2.0
"""Calls of pandas, scipy and scikit-learn, and the type and values that each gives: run here and natively by test_numbers.py,
which compares the lines. A line is a call, a tab, and its result; of an exception, its class."""

import io
import warnings

import numpy as np
import pandas as pd
from scipy import fft as ff, integrate as it, interpolate as ip, linalg as la, ndimage as nd, optimize as op, signal as sg
from scipy import sparse as ss, spatial as sp, special as spc, stats as st
from scipy.cluster import hierarchy as h, vq
from scipy.sparse import csgraph as cg, linalg as sl
from sklearn.base import RegressorMixin
from sklearn.cluster import DBSCAN, AgglomerativeClustering, KMeans
from sklearn.datasets import load_iris, make_blobs, make_classification, make_moons, make_regression
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import KFold, ShuffleSplit, StratifiedKFold, train_test_split
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import KBinsDiscretizer, LabelBinarizer, LabelEncoder, OrdinalEncoder
from sklearn.utils import all_estimators

warnings.simplefilter("ignore")


def show(value):
    if isinstance(value, (tuple, list)):
        return "(" + ", ".join(map(show, value)) + ")"
    if ss.issparse(value):
        return f"{value.format} {value.dtype} {value.toarray().tolist()}"
    if isinstance(value, pd.DataFrame):
        return f"DataFrame {show(value.index)} " + " ".join(f"{name} {show(value[name])}" for name in value)
    if isinstance(value, (pd.Series, pd.Index)):
        return f"{type(value).__name__} {value.dtype}{value.tolist()}"
    if isinstance(value, (np.ndarray, np.generic)):
        return f"{value.dtype}{(np.round(value, 6) if value.dtype.kind in 'fc' else value).tolist()}"
    if isinstance(value, float):
        return f"{value:.6g}"
    return repr(value) if isinstance(value, (int, str)) else type(value).__name__


def tell(name, call):
    np.random.seed(1)
    try:
        result = show(call())
    except Exception as error:
        result = type(error).__name__
    print(name, result, sep="\t")


a = [3, 1, 2, 5, 4, 9, 2]
A = np.array(a)
M = [[1, 2, 0], [0, 3, 4], [5, 0, 6]]
P = np.arange(24).reshape(12, 2) % 7
np.random.seed(1)
X, y = make_classification(40, random_state=0)
s = pd.Series(list("abca"), name="s")
n = pd.Series([3, 1, 2, 3])
df = pd.DataFrame({"k": s, "v": n})
d = pd.DataFrame({"k": list("aba"), "v": [1.0, 2.0, 3.0], "s": np.array([1, 2, 2_000_000_000], "int32"), "t": np.array([1, 2, 100], "int8")})
rows = pd.Series(pd.date_range("2024-01-01", periods=3))

CALLS = r"""
LabelEncoder().fit_transform(s)
LabelEncoder().fit(s).transform(s)
LabelEncoder().fit_transform(n)
LabelEncoder().fit(s).inverse_transform([0,1])
LabelBinarizer().fit_transform(s)
OrdinalEncoder(dtype=int).fit_transform(df[["k"]])
pd.factorize(s)
pd.factorize(n)
s.factorize()
s.astype("category").cat.codes
pd.cut(n, 2, labels=False)
pd.qcut(n, 2, labels=False)
pd.cut(n, [0, 2, 4], labels=[1, 2])
df.groupby("k").ngroup()
df.groupby("k").cumcount()
df.groupby("k").size()
df.groupby("k").v.count()
df.groupby("k").v.nunique()
df.groupby("k").v.sum()
df.groupby("k").v.cumsum()
df.groupby("k").indices["a"]
df.groupby("k").v.agg(["sum", "count", "nunique"])
df.groupby("k").v.idxmax()
df.groupby("k").v.transform("count")
df.pivot_table(index="k", values="v", aggfunc="count")
pd.crosstab(df.k, df.v)
s.value_counts()
n.value_counts().index
s.str.len()
s.str.count("a")
s.str.find("a")
n.argsort()
n.values.argsort()
n.searchsorted([1, 2])
n.rank(method="dense").astype(int)
n.diff().fillna(0).astype("int")
n.index
n.cumsum()
n.rolling(2).sum()
df.isna().sum()
df.nunique()
df.count()
df.index.get_indexer([0, 1])
df.sort_values("v").index
df.reset_index().index
df.melt(id_vars="k")
df.merge(df, on="k")
pd.Index([1,2,3]).get_indexer([1])
pd.Index(["a"]).get_indexer_for(["a"])
pd.Index([3,1,2]).argsort()
pd.MultiIndex.from_product([[1,2],[3]]).codes[0]
pd.date_range("2024-01-01", periods=3).dayofweek
rows.dt.year
rows.dt.isocalendar()
rows.astype("int64")
pd.Series(pd.to_timedelta([1,2],unit="D")).dt.days
pd.to_numeric(pd.Series(["1","2"]))
pd.Series([1,2]).map({1: 10, 2: 20})
pd.Series(range(3))
pd.Series(np.array([1,2]))
pd.DataFrame({"a": range(3)})
pd.DataFrame([[1,2],[3,4]])
pd.DataFrame({"a": [1], "b": [2.0]})
pd.get_dummies(s, dtype=int)
pd.Series([True, False]).sum()
pd.Series([True, False]).astype(int)
pd.Series([True, False]) * 1
pd.Series([True, False]).cumsum()
pd.Series([1, None]).fillna(0).astype(int)
pd.Series({"a": 1})
pd.concat([n, n])
n.sample(2, random_state=0).index
df.v.apply(lambda x: x * 2)
df.apply(lambda r: r.v * 2, axis=1)
np.where(df.v > 1, 1, 0)
np.select([df.v > 1], [5], 0)
np.digitize(df.v, [1, 2])
np.unique(df.k, return_inverse=True, return_counts=True, return_index=True)
np.unique(df.v)
np.searchsorted([1,2,3], df.v)
np.random.choice(5, 3)
np.random.permutation(4)
np.random.permutation(np.array([1,2],np.int32))
np.random.choice(np.array([1,2],np.int32), 3)
np.random.choice(a=5, size=3)
np.random.choice(size=3, a=5)
np.random.choice([1,2,3], 2)
np.random.choice(5)
np.random.binomial(5, .5, 3)
np.random.binomial(5, .5)
np.random.multinomial(5, [.5, .5])
np.random.RandomState(0).choice(4, 2, p=np.array([.25]*4))
y
make_blobs(10)[1]
make_moons(10)[1]
load_iris().target
confusion_matrix([0,1],[1,1])
CountVectorizer().fit_transform(["a bb bb", "bb cc"]).toarray()
CountVectorizer().fit_transform(["a bb bb", "bb cc"])
KMeans(2, n_init=1).fit(X).labels_
DBSCAN().fit(X).labels_
AgglomerativeClustering().fit(X).labels_
NearestNeighbors().fit(X).kneighbors(X)
next(KFold(4).split(X))
next(StratifiedKFold(4).split(X, y))
next(ShuffleSplit(2).split(X))
train_test_split(np.arange(10))[0]
KBinsDiscretizer(3, encode="ordinal").fit_transform(X)
st.mode([1,1,2])
st.rankdata([1,2,2])
st.binom.rvs(5, .5, size=3)
st.poisson.rvs(5, size=3)
st.randint.rvs(0, 5, size=3)
st.binned_statistic([1,2,3],[1,2,3],bins=2)
nd.label([[1,0],[0,1]])
nd.sum([1,2,3])
nd.center_of_mass(np.eye(3))
sg.find_peaks([0,1,0,2,0])
sg.argrelextrema(np.array([0,1,0,2,0]), np.greater)
sg.peak_prominences([0,1,0,2,0], [1,3])
sg.peak_widths([0,1,0,2,0], np.array([1,3]))
sg.convolve([1,2],[3,4])
np.cumsum(df.v)
np.random.randint(0, 5, 3)
np.random.default_rng(0).integers(5, size=2)
np.random.poisson(3, 2)
(np.datetime64("2024-01-02") - np.datetime64("2024-01-01")).astype(int)
d.v.to_numpy(dtype=int)
d[["v"]].to_numpy(dtype=int)
pd.array([1,2], dtype=int)
pd.Index([1,2], dtype=int)
pd.Index([1.0,2.0]).astype(int)
pd.Series([1,2], dtype="int")
pd.Series([1.0,2.0]).astype("int")
pd.Series(["1"]).astype(int)
d.astype({"v": int})
pd.DataFrame([[1.0]], dtype=int)
pd.read_csv(io.StringIO("a,b\n1,2"), dtype=int)
pd.read_csv(io.StringIO("a,b\n1,2"), dtype={"a": int, "b": "int"})
pd.read_csv(io.StringIO("a,b\n1,2"))
np.array(d.v, dtype=int)
np.asarray(d[["v"]], dtype=int)
d.values.astype(int)
d.s.cumsum()
d.s.cumprod()
d.t.cumsum()
d.s.sum()
d.s.prod()
d.t.sum()
d[["s","t"]].sum()
d[["s","t"]].cumsum()
d.groupby("k").s.sum()
d.groupby("k").t.sum()
d.groupby("k").s.cumsum()
d.groupby("k").t.prod()
d.s.expanding().sum()
d[["s"]].sum(axis=1)
d[["s","t"]].prod(axis=1)
d.s.dot(d.s)
d.s @ d.t
d.pivot_table(index="k", values="s", aggfunc="sum")
pd.Series([True,True]).cumsum()
pd.Series([True,True]).cumprod()
pd.DataFrame({"a":[True,False]}).cumsum()
pd.Series([True,True], dtype="boolean").cumsum()
pd.Series([True,True], dtype="boolean").sum()
pd.Series([1,2], dtype="Int64").cumsum()
pd.Series([1,2], dtype="Int32").cumsum()
pd.Series([1,2], dtype="Int32").sum()
d.s.diff()
d.s.pct_change()
d.s.to_list()
d.to_records(index=False).dtype
d.s.map(lambda x: x*2)
d.s * 10
pd.eval("1+2")
d.eval("s * 2")
d.query("s > 1").s
pd.Series(np.arange(3)).astype(int).groupby([0,0,1]).sum()
pd.Series([1,2,3]).rolling(2).count()
pd.Series([3,1]).rank().astype("int")
pd.Series(pd.Categorical(["a","b"])).cat.codes.astype(int)
pd.Categorical(["a","b"]).codes
pd.wide_to_long(pd.DataFrame({"A1":[1],"A2":[2],"id":[0]}), "A", "id", "j").index
pd.DataFrame({"a":[1]}).stack().index.dtypes
pd.Series(["1 2"]).str.split(expand=True).astype(int)
pd.Series(["a1"]).str.extract(r"(\d)").astype(int)
pd.Series(["a,b"]).str.get_dummies(",")
pd.Series([[1,2],[3]]).explode().astype(int)
pd.Series([[1,2],[3]]).str.len()
pd.Series({"x":1}).reindex(["x","y"], fill_value=0)
pd.Series([1,2]).shift(1, fill_value=0)
pd.Series([1,2]).clip(0,1)
pd.Series([1.5]).round().astype(int)
pd.Series([1,2]).mode()
pd.Series([1,2]).unique()
pd.Series([1,2]).describe()
pd.Series([1,2]).value_counts(bins=2)
pd.Series([1,1]).duplicated().sum()
pd.Series([1,1]).drop_duplicates().index
pd.RangeIndex(3).values
pd.Index(range(3)).values
pd.DataFrame(np.eye(2,dtype=int))
pd.DataFrame({"a":[1,2]}).T
pd.json_normalize([{"a":1}])
pd.DataFrame.from_dict({"a":[1]})
pd.DataFrame([(1,"a")], columns=["x","y"])
pd.DataFrame([{"a":1},{"a":2}])
pd.Timestamp("2024-01-01").value
pd.date_range("2024", periods=2).astype("int64")
pd.date_range("2024", periods=2).month
pd.period_range("2024-01", periods=2, freq="M").year
pd.Series(pd.date_range("2024", periods=2)).diff().dt.days
pd.Series(pd.date_range("2024", periods=2)).dt.hour
pd.interval_range(0,3).left
pd.cut([1,2,3], 3).codes
pd.Series([1,2]).sample(1, random_state=1)
pd.DataFrame({"a":[1,2]}).sample(frac=1, random_state=1).index
pd.Series([1,2]).nlargest(1)
pd.Series([1,2]).at[0]
pd.Series([1,2]).sum()
pd.Series([1,2]).max()
pd.Series([1,2]).argmax()
pd.Series([1,2]).nbytes
pd.DataFrame({"a":[1,2]}).corr().shape
st.mode(a)
st.rankdata(a)
st.describe(a)
st.zscore(a)
st.iqr(a)
st.trim_mean(a, .1)
st.spearmanr(a, A[::-1])
st.kendalltau(a, A[::-1])
st.pearsonr(a, A[::-1])
st.ttest_ind(a, [1, 2, 3])
st.mannwhitneyu(a, [1, 2, 3])
st.wilcoxon(a, [1, 2, 3, 4, 5, 6, 7])
st.kruskal(a, [1, 2, 3])
st.chi2_contingency([[10, 20], [30, 40]])[:3]
st.chisquare([10, 20, 30])
st.fisher_exact([[1, 2], [3, 4]])
st.f_oneway(a, [1, 2, 3])
st.shapiro(a)
st.ks_2samp(a, [1, 2, 3])
st.anderson(a)
st.normaltest(list(range(20)))
st.linregress(a, A[::-1])
st.theilslopes(a)
st.binned_statistic(a, a, bins=3)
st.cumfreq(a, 4)[:3]
st.relfreq(a, 4)[:3]
st.percentileofscore(a, 3)
st.scoreatpercentile(a, 50)
st.tmean(a)
st.gmean(a)
st.hmean(a)
st.entropy([1, 2, 3])
st.boxcox([1, 2, 3, 4])[1]
st.bootstrap((a,), np.mean, n_resamples=20, rng=1).standard_error
st.permutation_test((a, [1, 2, 3]), lambda x, y: np.mean(x) - np.mean(y), n_resamples=20, rng=1).pvalue
st.binom.pmf([0, 1, 2], 5, .5)
st.poisson.pmf(3, 2)
st.hypergeom.pmf([1, 2], 20, 7, 12)
st.gaussian_kde(a)(3)
st.multinomial.pmf([1, 2], 3, [.5, .5])
st.tukey_hsd(a, [1, 2, 3]).pvalue
st.somersd(a, A[::-1]).statistic
st.power_divergence([10, 20])
st.sem(a)
st.skew(a)
st.kurtosis(a)
st.obrientransform(a, [1, 2, 3])[1]
st.sigmaclip(a)[0]
st.weightedtau(a, A[::-1]).statistic
sg.find_peaks(a)[0]
sg.find_peaks(A, height=3, distance=2, prominence=1)
sg.peak_widths(a, [3, 5])
sg.peak_prominences(A, np.array([3, 5]))
sg.argrelmax(A)
sg.convolve(a, [1, 1])
sg.correlate(a, [1, 1])
sg.fftconvolve(a, [1, 1])
sg.medfilt(a, 3)
sg.savgol_filter(a, 5, 2)
sg.lfilter([1], [1, 1], a)
sg.filtfilt([1, 1], [1], list(range(20)))
sg.detrend(a)
sg.resample(a, 4)
sg.decimate(list(range(40)), 2)
sg.hilbert(a)
sg.butter(2, .5)
sg.welch(a, nperseg=4)
sg.spectrogram(list(range(32)), nperseg=8)[2].shape
sg.upfirdn([1, 1], a, 2)
sg.convolve2d(M, [[1, 1]])
sg.wiener(a)
sg.order_filter(A, np.ones(3), 1)
sg.choose_conv_method(a, a)
sg.stft(list(range(32)), nperseg=8)[2].shape
sg.find_peaks_cwt(np.sin(np.arange(40) / 3) * 10, [3, 4])
sg.unit_impulse(3)
sg.max_len_seq(3)[0]
nd.label(M)
nd.find_objects(np.array(M))
nd.sum(M)
nd.sum_labels(M, np.array(M) > 0)
nd.mean(M)
nd.maximum_position(M)
nd.extrema(M)
nd.histogram(M, 0, 6, 3)
nd.center_of_mass(np.array(M))
nd.gaussian_filter(np.array(M), 1)
nd.median_filter(M, 3)
nd.uniform_filter(np.array(M), 3)
nd.rotate(np.array(M), 90)
nd.zoom(np.array(M), 2).shape
nd.shift(np.array(M), 1)
nd.binary_dilation(M)
nd.binary_fill_holes(M)
nd.distance_transform_edt(M, return_indices=True)
nd.distance_transform_cdt(M)
nd.convolve(M, [[1, 0], [0, 1]])
nd.correlate1d(a, [1, 1])
nd.generic_filter(np.array(M), np.max, 2)
nd.watershed_ift(np.array(M, "uint8"), np.array([[1, 0, 0], [0, 0, 0], [0, 0, 2]]))
nd.map_coordinates(np.array(M), [[0, 1], [1, 2]], order=1)
nd.value_indices(np.array(M))[3]
sp.distance.cdist(P[:2], P[:2])
sp.distance.pdist(P[:3])
sp.distance.squareform([1, 2, 3])
sp.KDTree(P).query([1, 2], 2)
sp.cKDTree(P).query_ball_point([1, 2], 2)
sp.KDTree(P).query_pairs(1)
sp.ConvexHull(P).vertices
sp.Delaunay(np.array([[0, 0], [0, 1], [1, 0], [1, 1.5]])).simplices.shape
sp.Voronoi(np.array([[0, 0], [0, 1], [1, 0], [1, 1.5], [2, 2]])).regions
sp.distance_matrix(P[:2], P[:3])
sp.procrustes(P[:4], P[1:5])[2]
ss.csr_matrix(M)
ss.csr_matrix(M) @ ss.csr_matrix(M)
ss.csr_matrix(M).sum(axis=0)
ss.csr_matrix(M).sum()
ss.csr_matrix(M).argmax(axis=1)
ss.csr_matrix(M).nonzero()
ss.coo_matrix(([1, 2, 3], ([0, 1, 2], [2, 1, 0])))
ss.csr_array(np.array([70000, 70000])[None]).power(2)
ss.diags([1, 2, 3])
ss.eye(2, dtype=int)
ss.identity(2, dtype=int)
ss.kron(M, [[1, 1]])
ss.vstack([ss.csr_matrix(M), ss.csr_matrix(M)])
ss.lil_matrix((2, 2), dtype=int)
ss.dok_matrix((2, 2), dtype=int)
ss.random(3, 3, .5, random_state=0).nnz
ss.find(ss.csr_matrix(M))
ss.tril(M)
ss.block_diag([[1], [2]])
ss.csr_matrix(M)[[0, 1]]
ss.csr_matrix(M)[:, np.array([0, 2])]
ss.csr_matrix((np.array([1, 2]), np.array([0, 1]), np.array([0, 1, 2])), shape=(2, 2))
ss.csr_matrix(M).astype(int).dot(np.array([100000, 100000, 100000]))
cg.connected_components(M)
cg.shortest_path(M, return_predecessors=True)
cg.dijkstra(ss.csr_matrix(M), indices=0)
cg.minimum_spanning_tree(M)
cg.breadth_first_order(M, 0)
cg.depth_first_order(M, 0)
cg.maximum_flow(ss.csr_matrix(M), 0, 2).flow_value
cg.maximum_bipartite_matching(ss.csr_matrix(M))
cg.min_weight_full_bipartite_matching(ss.csr_matrix(M))
cg.laplacian(np.array(M))
cg.floyd_warshall(M)
cg.reverse_cuthill_mckee(ss.csr_matrix(M))
cg.structural_rank(ss.csr_matrix(M))
sl.spsolve(ss.csr_matrix(M), [1, 2, 3])
sl.eigs(ss.csr_matrix(np.eye(5)), 2)[0]
ip.interp1d(a[:3], [1, 2, 3])(2)
ip.CubicSpline([1, 2, 3, 4], a[:4])(2)
ip.griddata(P[:5] + .1 * np.arange(5)[:, None], A[:5], [[1, 2]], method="nearest")
ip.UnivariateSpline(list(range(7)), a)(3)
ip.RegularGridInterpolator(([0, 1, 2], [0, 1, 2]), np.array(M))([1, 1])
ip.RBFInterpolator(np.array([[0, 0], [0, 1], [1, 0], [1, 1], [2, 1]]), A[:5])([[1, 2]])
ip.PchipInterpolator([1, 2, 3], [1, 4, 9])(2)
ip.make_interp_spline([1, 2, 3, 4], [1, 4, 9, 16])(2)
ip.splrep(list(range(7)), a)[2]
ip.BSpline.design_matrix([2.0], np.arange(8.0), 3).toarray().shape
op.linear_sum_assignment(M)
op.linear_sum_assignment(np.array(M), True)
op.linprog([-1, -2], [[1, 1]], [4]).fun
op.milp([-1, -2], constraints=op.LinearConstraint([[1, 1]], -np.inf, 4), integrality=[1, 1]).x
op.minimize(lambda x: (x[0] - 1) ** 2, [0]).x
op.curve_fit(lambda x, m: m * x, [1, 2, 3], [2, 4, 6])[0]
op.root(lambda x: x * x - 4, [1]).x
op.brentq(lambda x: x - 1, 0, 3)
op.fsolve(lambda x: x - 1, [0])
op.nnls(M, [1, 2, 3])[0]
op.lsq_linear(M, [1, 2, 3]).x
op.least_squares(lambda x: x - 1, [0]).x
op.differential_evolution(lambda x: x[0] ** 2, [(-1, 1)], seed=1, maxiter=5).x.shape
op.quadratic_assignment(M, M)["col_ind"]
la.inv(M)
la.det(M)
la.lu(M)
la.eig(M)[0]
la.expm(np.array([[0, 1], [1, 0]]))
la.toeplitz(a[:3])
la.hankel(a[:3])
la.circulant(a[:3])
la.block_diag([1], [2])
la.solve(M, [1, 2, 3])
la.lstsq(np.array(M), [1, 2, 3])[0]
la.hadamard(2)
la.pascal(4)
la.invpascal(4)
la.hilbert(2)
la.matmul_toeplitz((a[:3], a[:3]), [1, 2, 3])
la.lu_factor(M)
la.ldl(M)[2]
la.qr(M, pivoting=True)[2]
la.null_space(M).shape
ff.fft(a)
ff.dct(a)
ff.fftfreq(4)
ff.next_fast_len(7)
spc.comb(50, 3, exact=True)
spc.comb([3, 5], 2)
spc.perm(5, 2)
spc.factorial([3, 5], exact=True)
spc.factorial(25, exact=True)
spc.binom([5], [2])
spc.gamma([3, 4])
spc.eval_legendre([1, 2], 3)
spc.jv([0, 1], 2)
spc.stirling2(5, 3, exact=True)
spc.softmax(a)
spc.logsumexp(a)
spc.expit(a)
spc.zeta([2, 3])
spc.bernoulli(4)
spc.sph_harm_y(1, 1, .5, .5)
spc.spence(1)
spc.multigammaln(3, 2)
spc.xlogy(a, 2)
spc.diric(1, 3)
it.simpson(a)
it.trapezoid(a)
it.cumulative_trapezoid(a)
it.quad(lambda x: x, 0, 1)
it.solve_ivp(lambda t, y: -y, [0, 1], [1]).y[0][-1]
it.odeint(lambda y, t: -y, 1, [0, 1])
h.linkage(P, "ward")[:2]
h.fcluster(h.linkage(P), 2, "maxclust")
h.dendrogram(h.linkage(P), no_plot=True)["leaves"]
h.leaves_list(h.linkage(P))
h.cut_tree(h.linkage(P), 2).ravel()
h.cophenet(h.linkage(P))
vq.kmeans2(P.astype(float), 2, seed=1, minit="points")[1]
vq.vq(P.astype(float), P[:2].astype(float))[0]
""".strip().splitlines()


def estimators():
    """Every estimator that can be made without arguments: what fitting it gives, whose values may differ in the last digits."""
    regression = make_regression(60, n_features=6, random_state=0)
    classes = make_classification(60, n_features=6, random_state=0)
    settings = {"random_state": 0, "n_estimators": 5, "max_iter": 20, "n_clusters": 2}
    for name, estimator in all_estimators():
        if name.startswith("Halving"):  # one of the modules that all are imported from makes these known
            continue
        inputs, targets = regression if issubclass(estimator, RegressorMixin) else classes
        try:
            made = estimator()
            made.set_params(**{key: value for key, value in settings.items() if key in made.get_params(deep=False)})
            made.fit(np.abs(inputs), targets)
        except Exception as error:
            print(name, type(error).__name__, sep="\t")
            continue
        for method in ("predict", "transform", "predict_proba", "kneighbors", "apply", "score_samples", "decision_function"):
            if hasattr(made, method):
                tell(f"{name}.{method}", lambda: kinds(getattr(made, method)(np.abs(inputs))))
        if hasattr(made, "labels_"):
            tell(f"{name}.labels_", lambda: kinds(made.labels_))


def kinds(value):
    if isinstance(value, tuple):
        return tuple(map(kinds, value))
    return f"{value.dtype}{list(value.shape)}"


for line in CALLS:
    tell(line, lambda: eval(line))
estimators()
