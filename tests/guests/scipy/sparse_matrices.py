import numpy as np
from scipy import sparse as sp
from scipy.sparse import linalg as sla, csgraph as cg

A = sp.csr_matrix(([4, 1, 2, 5], ([0, 1, 2, 2], [0, 2, 0, 1])), shape=(3, 3))
print(A.toarray().tolist(), A.nnz, A.indptr.tolist(), A.indices.tolist(), (A @ np.array([1, 2, 3])).tolist())
print(A.T.tocsc().toarray().tolist(), (A * 2 + sp.eye(3)).toarray().tolist(), A.multiply(A).sum(), A[2].toarray().tolist(), A.diagonal().tolist())
D = sp.diags([-1.0, 2.0, -1.0], [-1, 0, 1], shape=(50, 50), format="csc")
b = np.ones(50)
x = sla.spsolve(D, b)
print(np.allclose(D @ x, b), round(float(x.max()), 6), sla.splu(D).solve(b).round(4).tolist()[:2])
xc, info = sla.cg(D, b, rtol=1e-10)
print(info, np.allclose(xc, x, atol=1e-5), sla.gmres(D, b, rtol=1e-8, restart=50)[1])
w = sla.eigsh(D, k=2, which="LM", return_eigenvectors=False)
print(np.sort(w).round(6).tolist(), round(float(2 - 2 * np.cos(50 * np.pi / 51)), 6))
u, s, vt = sla.svds(D.astype(float), k=1)
print(s.round(4).tolist(), round(float(sla.norm(D)), 6), sp.hstack([A, A]).shape, sp.kron(sp.eye(2), A).nnz, sp.vstack([A, A]).tocsr()[5].toarray().tolist())
g = sp.csr_matrix([[0, 4, 1, 0], [0, 0, 0, 1], [0, 2, 0, 5], [0, 0, 0, 0]])
d, pred = cg.dijkstra(g, indices=0, return_predecessors=True)
print(d.tolist(), pred.tolist(), cg.shortest_path(g, method="FW")[0].tolist(), cg.connected_components(sp.csr_matrix([[0, 1, 0], [1, 0, 0], [0, 0, 0]]))[0])
print(cg.minimum_spanning_tree(g).sum(), cg.maximum_flow(g.astype(np.int32), 0, 3).flow_value, cg.breadth_first_order(g, 0, return_predecessors=False).tolist())
l = sp.lil_matrix((3, 3)); l[0, 1] = 7; l[2] = [1, 0, 2]
print(l.toarray().astype(int).tolist(), sp.dok_matrix(l)[2, 2], sp.issparse(l), sp.coo_matrix(l).col.tolist())
