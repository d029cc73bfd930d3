import ast
import operator
import sys

OPS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: operator.pow, ast.USub: operator.neg}
env = {}


def ev(node):
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return env[node.id]
    if isinstance(node, ast.BinOp):
        return OPS[type(node.op)](ev(node.left), ev(node.right))
    return OPS[type(node.op)](ev(node.operand))


print("name:", end=" ")
print(f"hello {input()}")
for lineno, line in enumerate(sys.stdin, 1):
    line = line.strip()
    if not line or line.startswith("#"):
        continue
    if line == "quit":
        break
    try:
        stmt = ast.parse(line).body[0]
        value = ev(stmt.value)
        if isinstance(stmt, ast.Assign):
            env[stmt.targets[0].id] = value
        print(lineno, line, "=", value)
    except (SyntaxError, KeyError, ZeroDivisionError) as e:
        print(lineno, line, "->", type(e).__name__)
print(sorted(env), sys.stdin.buffer.read())
