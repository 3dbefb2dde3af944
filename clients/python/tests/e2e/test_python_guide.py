"""The examples of docs/guides/python.md, run one after the other: what a comment says of an expression is its value."""

import ast
import os
import pathlib
import re

import grpc

import rowan

ROOT = pathlib.Path(__file__).resolve().parents[4]
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


class Checked(ast.NodeTransformer):
    """Hands the value of every expression that has a comment behind it to `check`, with the comment."""

    def __init__(self, source):
        self.lines = source.encode().split(b"\n")

    def visit_Expr(self, node):
        rest = self.lines[node.end_lineno - 1][node.end_col_offset :].decode().strip()
        if not rest.startswith("#"):
            return node
        call = ast.Call(ast.Name("check", ast.Load()), [node.value, ast.Constant(rest[1:].strip())], [])
        return ast.copy_location(ast.Expr(call), node)


def test_every_example_of_the_guide_is_true(live, unique):
    name = f"{unique}_guide"
    guide = (ROOT / "docs" / "guides" / "python.md").read_text(encoding="utf-8")
    source = "\n".join(block for block in BLOCK.findall(guide) if "example.org" not in block)
    source = source.replace("127.0.0.1:50051", os.environ["ROWAN_TEST_ADDRESS"]).replace('"blog"', f'"{name}"')
    blog = rowan.text.load(ROOT / "clients" / "examples" / "blog" / "blog.yaml")
    source = source.replace('"blog.yaml"', repr({**blog, "schema": name, "database_schema": name}))
    checked = []

    def check(value, comment):
        try:
            expected = eval(comment, {"StatusCode": grpc.StatusCode})
        except SyntaxError:  # prose
            return
        assert value == expected, comment
        checked.append(comment)

    tree = ast.fix_missing_locations(Checked(source).visit(ast.parse(source)))
    exec(compile(tree, "python.md", "exec"), {"check": check})
    assert len(checked) > 25
