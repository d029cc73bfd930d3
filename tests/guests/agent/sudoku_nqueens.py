PUZZLE = "530070000600195000098000060800060003400803001700020006060000280000419005000080079"


def solve(board):
    empty = [(i // 9, i % 9) for i, v in enumerate(board) if v == "0"]
    rows, cols, boxes = ([set() for _ in range(9)] for _ in range(3))
    for i, v in enumerate(board):
        if v != "0":
            r, c = divmod(i, 9)
            for group in (rows[r], cols[c], boxes[r // 3 * 3 + c // 3]):
                group.add(v)
    cells, guesses = list(board), 0

    def step():
        nonlocal guesses
        if not empty:
            return True
        options = [(set("123456789") - rows[r] - cols[c] - boxes[r // 3 * 3 + c // 3], r, c) for r, c in empty]
        cand, r, c = min(options, key=lambda o: len(o[0]))
        empty.remove((r, c))
        for v in sorted(cand):
            guesses += 1
            groups = (rows[r], cols[c], boxes[r // 3 * 3 + c // 3])
            for g in groups: g.add(v)
            cells[r * 9 + c] = v
            if step():
                return True
            for g in groups: g.remove(v)
        empty.append((r, c))
        return False

    return "".join(cells) if step() else None, guesses

def queens(n, row=0, cols=0, d1=0, d2=0):
    return 1 if row == n else sum(queens(n, row + 1, cols | 1 << c, d1 | 1 << (row + c), d2 | 1 << (row - c + n))
                                  for c in range(n) if not (cols >> c & 1 or d1 >> (row + c) & 1 or d2 >> (row - c + n) & 1))
answer, guesses = solve(PUZZLE)
print("\n".join(" ".join(answer[i * 9:i * 9 + 9]) for i in range(9)))
print(guesses, all(len(set(answer[i::9])) == 9 for i in range(9)), [queens(n) for n in range(1, 8)])
