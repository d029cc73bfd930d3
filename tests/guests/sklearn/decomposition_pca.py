import numpy as np
from sklearn.datasets import load_digits, load_wine
from sklearn.decomposition import PCA, TruncatedSVD, NMF, FastICA, KernelPCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.manifold import MDS, Isomap
from sklearn.preprocessing import scale
from sklearn.random_projection import GaussianRandomProjection

X, y = load_wine(return_X_y=True)
p = PCA(3).fit(scale(X))
print(X.shape, p.explained_variance_ratio_.round(4).tolist(), p.components_.shape)
Z = p.transform(scale(X))
print(np.allclose(Z.mean(axis=0), 0), np.allclose(np.corrcoef(Z.T), np.eye(3), atol=1e-8), PCA(0.9).fit(scale(X)).n_components_)
full = PCA().fit(scale(X))
print(np.allclose(full.inverse_transform(full.transform(scale(X))), scale(X)), round(float(full.explained_variance_ratio_.sum()), 8))
d = load_digits()
print(d.data.shape, d.images[0].astype(int)[2].tolist(), d.target[:8].tolist(), round(float(TruncatedSVD(5, random_state=0).fit(d.data).explained_variance_ratio_.sum()), 2))
W = NMF(2, init="nndsvd", max_iter=500, tol=0.01).fit_transform(np.array([[1.0, 0, 2], [2, 0, 4], [0, 3, 0]]))
print(W.shape, bool((W >= 0).all()), W.argmax(axis=1)[0] == W.argmax(axis=1)[1] != W.argmax(axis=1)[2])
l = LinearDiscriminantAnalysis(n_components=2).fit(X, y)
print(l.transform(X).shape, l.score(X, y) > 0.99, GaussianRandomProjection(4, random_state=0).fit_transform(X).shape)
t = np.linspace(0, 8, 400)
S = np.c_[np.sin(2 * t), np.sign(np.sin(3 * t))]
R = FastICA(2, random_state=0, whiten="unit-variance", max_iter=500).fit_transform(S @ [[1, 0.5], [0.5, 1]])
c = np.abs(np.corrcoef(S.T, R.T)[:2, 2:])
print(bool((c.max(axis=1) > 0.95).all()), KernelPCA(2, kernel="rbf").fit_transform(X[:20]).shape, Isomap(n_neighbors=6, n_components=2).fit_transform(d.data[:60]).shape)
