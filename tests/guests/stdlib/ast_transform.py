import ast

src = """
def area(r, pi=3.14):
    return pi * r ** 2 + 0 * 1

x = [area(i) for i in range(3) if i]
"""
tree = ast.parse(src)
print([type(n).__name__ for n in tree.body], tree.body[0].args.args[0].arg, sorted({n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}))
print(ast.unparse(tree))

class Fold(ast.NodeTransformer):
    def visit_BinOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.Mult) and isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant):
            return ast.copy_location(ast.Constant(node.left.value * node.right.value), node)
        return node

new = ast.fix_missing_locations(Fold().visit(tree))
print(ast.unparse(new.body[0].body[0]))
ns = {}
exec(compile(new, "<gen>", "exec"), ns)
print(ns["x"], ast.literal_eval("{'a': (1, -2.5, None), 'b': {3}}"))
try:
    ast.literal_eval("__import__('os')")
except ValueError as e:
    print(type(e).__name__)
try:
    ast.parse("def f(:\n  pass")
except SyntaxError as e:
    print(e.lineno, type(e).__name__)

def calc(node):
    match node:
        case ast.Expression(body) | ast.UnaryOp(ast.UAdd(), body): return calc(body)
        case ast.Constant(int(v) | float(v)): return v
        case ast.BinOp(l, ast.Add(), r): return calc(l) + calc(r)
        case ast.BinOp(l, ast.Mult(), r): return calc(l) * calc(r)
print(calc(ast.parse("+2 + 3 * (4 + 5)", mode="eval")), ast.get_docstring(ast.parse('"""Doc."""')))
