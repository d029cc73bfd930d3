import heapq

GRID = """
S..#......
.#.#.####.
.#...#....
.###.#.##.
...#.#..#.
##.#.##.#.
...#....#E
""".strip().split("\n")
H, W = len(GRID), len(GRID[0])
find = lambda ch: next((r, c) for r in range(H) for c in range(W) if GRID[r][c] == ch)
start, goal = find("S"), find("E")

def search(h):
    dist, prev, seen = {start: 0}, {}, 0
    heap = [(h(start), 0, start)]
    while heap:
        _, g, node = heapq.heappop(heap)
        if g > dist[node]:
            continue
        seen += 1
        if node == goal:
            break
        r, c = node
        for dr, dc in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            nr, nc = r + dr, c + dc
            if 0 <= nr < H and 0 <= nc < W and GRID[nr][nc] != "#" and g + 1 < dist.get((nr, nc), 1e9):
                dist[nr, nc], prev[nr, nc] = g + 1, node
                heapq.heappush(heap, (g + 1 + h((nr, nc)), g + 1, (nr, nc)))
    path = [goal]
    while path[-1] != start: path.append(prev[path[-1]])
    return path[::-1], seen

path, seen = search(lambda n: 0)
path2, seen2 = search(lambda n: abs(n[0] - goal[0]) + abs(n[1] - goal[1]))
print("steps", len(path) - 1, len(path2) - 1, "explored", seen >= seen2)
print("\n".join("".join("*" if (r, c) in path[1:-1] else ch for c, ch in enumerate(row)) for r, row in enumerate(GRID)))
print(path[:4], path[-1])
