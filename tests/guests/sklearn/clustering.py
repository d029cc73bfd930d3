import numpy as np
from sklearn.cluster import KMeans, DBSCAN, AgglomerativeClustering, MiniBatchKMeans
from sklearn.datasets import make_blobs, make_moons
from sklearn.metrics import silhouette_score, adjusted_rand_score, homogeneity_score
from sklearn.mixture import GaussianMixture

X, y = make_blobs(n_samples=150, centers=[[0, 0], [8, 8], [0, 8]], cluster_std=0.7, random_state=3)
km = KMeans(3, n_init=3, random_state=0).fit(X)
print(adjusted_rand_score(y, km.labels_), sorted(np.bincount(km.labels_).tolist()), sorted(km.cluster_centers_.round(0).astype(int).tolist()))
print(round(float(silhouette_score(X, km.labels_)), 1) >= 0.8, km.predict([[8, 8]])[0] == km.predict([[7, 9]])[0], km.n_iter_ < 20, km.transform(X[:1]).shape)
inertia = [KMeans(k, n_init=3, random_state=0).fit(X).inertia_ for k in (1, 2, 3, 4)]
print(bool(np.all(np.diff(inertia) < 0)), round(inertia[2] / inertia[0], 2))
for m in (AgglomerativeClustering(3), DBSCAN(eps=1.0, min_samples=4), MiniBatchKMeans(3, n_init=3, random_state=0)):
    lab = m.fit_predict(X)
    print(type(m).__name__, adjusted_rand_score(y, lab) > 0.95)
Xm, ym = make_moons(200, noise=0.05, random_state=0)
lab = DBSCAN(eps=0.2).fit_predict(Xm)
print(len(set(lab) - {-1}), adjusted_rand_score(ym, lab) > 0.95, adjusted_rand_score(ym, KMeans(2, n_init=3, random_state=0).fit_predict(Xm)) < 0.6)
gm = GaussianMixture(3, random_state=0).fit(X)
print(homogeneity_score(y, gm.predict(X)) > 0.99, gm.weights_.sum().round(6) == 1, gm.converged_, sorted(gm.means_.round(0).astype(int).tolist()))
