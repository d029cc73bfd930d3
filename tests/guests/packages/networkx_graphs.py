import networkx as nx

G = nx.Graph()
G.add_weighted_edges_from([("a", "b", 4), ("a", "c", 1), ("c", "b", 2), ("b", "d", 5), ("e", "f", 1)])
print(G.number_of_nodes(), G.number_of_edges(), sorted(dict(G.degree()).items()), G["a"]["c"]["weight"], sorted(G.neighbors("b")))
print(nx.dijkstra_path(G, "a", "d"), nx.dijkstra_path_length(G, "a", "d"), nx.shortest_path(G, "a", "d"), nx.has_path(G, "a", "e"))
print([sorted(c) for c in nx.connected_components(G)], sorted(tuple(sorted(e)) for e in nx.minimum_spanning_edges(G, data=False)), nx.is_connected(G))
D = nx.DiGraph([(1, 2), (2, 3), (1, 3), (3, 4)])
print(list(nx.topological_sort(D)), nx.is_directed_acyclic_graph(D), sorted(nx.descendants(D, 2)), nx.dag_longest_path(D), sorted(nx.ancestors(D, 3)))
D.add_edge(4, 2)
print(sorted(map(sorted, nx.strongly_connected_components(D))), sorted(nx.find_cycle(D)[0]), list(nx.simple_cycles(D))[0].__len__())
P = nx.path_graph(5)
print({k: round(v, 4) for k, v in nx.betweenness_centrality(P).items()}, nx.diameter(P), nx.center(P), round(nx.average_shortest_path_length(P), 4), nx.is_tree(P))
pr = nx.pagerank(nx.DiGraph([(0, 1), (1, 2), (2, 0), (3, 0)]))
print({k: round(v, 4) for k, v in pr.items()}, round(nx.clustering(nx.complete_graph(4), 0), 2), nx.density(nx.cycle_graph(4)).__round__(4))
F = nx.DiGraph()
F.add_edge("s", "u", capacity=3); F.add_edge("s", "v", capacity=2); F.add_edge("u", "t", capacity=2); F.add_edge("v", "t", capacity=3); F.add_edge("u", "v", capacity=5)
print(nx.maximum_flow_value(F, "s", "t"), nx.minimum_cut_value(F, "s", "t"), nx.bipartite.is_bipartite(nx.cycle_graph(5)), len(nx.max_weight_matching(nx.cycle_graph(6))))
print(list(nx.bfs_tree(P, 2)), list(nx.dfs_preorder_nodes(P, 0)), sorted(nx.articulation_points(P)), nx.to_numpy_array(nx.path_graph(3)).tolist(), nx.node_link_data(nx.path_graph(2), edges="links")["nodes"])
print(nx.greedy_color(nx.star_graph(3)), nx.is_isomorphic(nx.cycle_graph(4), nx.complete_bipartite_graph(2, 2)), nx.gnp_random_graph(10, 0.5, seed=1).number_of_edges() > 5, nx.karate_club_graph().number_of_edges())
try:
    nx.shortest_path(G, "a", "e")
except nx.NetworkXNoPath as e:
    print(type(e).__name__)
