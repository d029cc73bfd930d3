import numpy as np
from scipy import ndimage as ni, spatial as spt
from scipy.cluster import hierarchy as hc, vq
from scipy.spatial import distance as ds

pts = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [5, 5], [6, 5], [5, 6.0]])
tree = spt.cKDTree(pts)
d, i = tree.query([[0.9, 0.2], [7, 7]], k=1)
print(i.tolist()[0], d.round(4).tolist(), sorted(tree.query_ball_point([0, 0], 1.1)), len(tree.query_pairs(1.1)))
h = spt.ConvexHull(pts)
print(sorted(h.vertices.tolist()), round(float(h.volume), 4), round(float(h.area), 4), spt.Delaunay(pts[:4]).simplices.shape, spt.Voronoi(pts).vertices.shape[1])
print(ds.cdist([[0, 0]], [[3, 4]]).item(), ds.pdist(pts[:3]).round(4).tolist(), ds.squareform([1, 2, 3]).tolist(), ds.cosine([1, 0], [0, 1]), ds.cityblock([1, 2], [4, 6]), ds.hamming([1, 0, 1], [1, 1, 1]).round(4))
lab = hc.fcluster(hc.linkage(pts, "average"), 2, "maxclust")
print(len(set(lab[:4].tolist())), len(set(lab[4:].tolist())), lab[0] != lab[-1], hc.linkage(pts, "single")[-1, 2].round(4), sorted(hc.leaves_list(hc.linkage(pts, "ward")).tolist()))
cent, lbl = vq.kmeans2(pts, pts[[0, 4]], minit="matrix")
print(cent.round(4).tolist(), lbl.tolist())
img = np.zeros((6, 7), int); img[1:3, 1:3] = 1; img[4, 4:7] = 2; img[0, 6] = 5
l, n = ni.label(img)
print(n, ni.sum(img, l, range(1, n + 1)).tolist(), [tuple(round(float(v), 2) for v in c) for c in ni.center_of_mass(img, l, [1, 2, 3])])
print(ni.binary_dilation(img == 1).sum(), ni.binary_erosion(np.ones((4, 4))).sum(), ni.distance_transform_edt(np.ones((1, 3)) * [[1, 1, 0]]).tolist(), ni.maximum_filter([1, 5, 2], 3).tolist())
print(ni.gaussian_filter(np.eye(3), 1).round(4).tolist()[0], ni.convolve1d([1, 2, 3], [1, 1, 1]).tolist(), ni.zoom([1.0, 2], 2, order=1).round(4).tolist(), ni.rotate(np.array([[1, 2], [3, 4]]), 90).tolist(), ni.median_filter([1, 9, 1], 3).tolist())
R = spt.transform.Rotation.from_euler("z", 90, degrees=True)
print((R.apply([1, 0, 0]).round(6) + 0.0).tolist(), R.as_quat().round(6).tolist(), round(float((R * R).magnitude()), 6))
a, b, disp = spt.procrustes(pts[:3], pts[:3] * 2 + 1)
print(round(float(disp), 10), spt.geometric_slerp([1, 0], [0, 1], [0.5]).round(4).tolist())
