"""The faults of Python: made on the syntax tree, so that each is a program again."""

import ast
import copy
import re
from collections.abc import Iterator
from typing import Any

from tests.prove.mutants.change import Change

TURNED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OTHER_WAY: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add}
OTHER_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
WORD = re.compile(r"[\w.:/-]{1,30}")  # a text that decides something; others are for people
PIECE = re.compile(r"(?<!\{)\{[^{}]+\}(?!\})")
STATEMENTS = (ast.Raise, ast.AugAssign, ast.Continue, ast.Break, ast.Delete)


def changes(source: bytes) -> Iterator[Change]:
    """Every fault that this can make of a module."""
    finder = _Finder(source)
    finder.visit(ast.parse(source))
    seen = set()
    for change in finder.found:
        if change[:3] not in seen:
            seen.add(change[:3])
            yield change


class _Finder(ast.NodeVisitor):
    """Walks through what runs: no docstrings, annotations, decorators, words of the log."""

    def __init__(self, source: bytes) -> None:
        self.found: list[Change] = []
        self._source = source
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def _put(self, node: Any, new: str, kind: str) -> None:
        start = self._lines[node.lineno - 1] + node.col_offset
        end = self._lines[node.end_lineno - 1] + node.end_col_offset
        self.found.append(Change(start, end, new, kind))

    def _with(self, node: Any, kind: str, **fields: Any) -> None:
        """The same node with other fields."""
        other = copy.copy(node)
        for name, value in fields.items():
            setattr(other, name, value)
        text = ast.unparse(other)
        self._put(node, text if isinstance(node, ast.Call | ast.Tuple) else f"({text})", kind)

    def generic_visit(self, node: ast.AST) -> None:
        """Down into everything; what a class or function says of itself is left out."""
        body = getattr(node, "body", None)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "bases"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not (
                    isinstance(body, list) and child is body[0] and _is_text(child)
                ):
                    self.visit(child)

    def visit_Compare(self, node: ast.Compare) -> None:
        for at, op in enumerate(node.ops):
            for other in TURNED[type(op)]:
                ops = [*node.ops[:at], other(), *node.ops[at + 1 :]]
                self._with(node, "comparison", ops=ops)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self._with(node, "and/or", op=other)
        for at, value in enumerate(node.values):
            rest = [*node.values[:at], *node.values[at + 1 :]]
            if len(rest) > 1:
                self._with(node, "condition dropped", values=rest)
            elif value is not rest[0]:
                self._put(node, f"({ast.unparse(rest[0])})", "condition dropped")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._put(node, f"({ast.unparse(node.operand)})", "not dropped")
        self.generic_visit(node)

    def visit_If(self, node: ast.If | ast.While | ast.IfExp) -> None:
        if not isinstance(node.test, ast.Compare | ast.UnaryOp):
            self._put(node.test, f"(not ({ast.unparse(node.test)}))", "condition turned")
        self.generic_visit(node)

    visit_While = visit_If
    visit_IfExp = visit_If

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if other := OTHER_WAY.get(type(node.op)):
            self._with(node, "arithmetic", op=other())
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self._put(node, str(not value), "constant")
        elif isinstance(value, int):
            self._put(node, str(value + 1), "bound")
            if value:
                self._put(node, str(value - 1), "bound")
        elif isinstance(value, str) and WORD.fullmatch(value):
            self._put(node, repr(f"{value}x"), "constant")

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Offsets inside are not told before Python 3.12."""
        start = self._lines[node.lineno - 1] + node.col_offset
        end = self._lines[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        text = self._source[start:end].decode()
        pieces = list(PIECE.finditer(text)) if ":" in text else []
        for piece in pieces if len(pieces) > 1 else []:
            self._put(node, text[: piece.start()] + text[piece.end() :], "key's part dropped")

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "log":
            return
        if isinstance(node.func, ast.Name) and node.func.id in OTHER_NAMES:
            self._put(node.func, OTHER_NAMES[node.func.id], "min/max")
        args = node.args
        for at in range(len(args) - 1):
            if not any(isinstance(one, ast.Starred) for one in args[at : at + 2]):
                swapped = [*args[:at], args[at + 1], args[at], *args[at + 2 :]]
                self._with(node, "arguments swapped", args=swapped)
        for at, keyword in enumerate(node.keywords):
            if keyword.arg:
                rest = [*node.keywords[:at], *node.keywords[at + 1 :]]
                self._with(node, "argument dropped", keywords=rest)
        self.generic_visit(node)

    def visit_Tuple(self, node: ast.Tuple | ast.Set | ast.List) -> None:
        if not isinstance(getattr(node, "ctx", None), ast.Store) and len(node.elts) > 1:
            for at in range(len(node.elts)):
                rest = [*node.elts[:at], *node.elts[at + 1 :]]
                self._with(node, "part dropped", elts=rest)
        self.generic_visit(node)

    visit_Set = visit_Tuple
    visit_List = visit_Tuple

    def visit_Return(self, node: ast.Return) -> None:
        if node.value and ast.unparse(node.value) != "None":
            self._put(node, "return None", "nothing returned")
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(call, ast.Call) and not ast.unparse(call.func).startswith("log."):
            self._put(node, "pass", "statement dropped")
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if all(isinstance(one, ast.Attribute | ast.Subscript) for one in node.targets):
            self._put(node, "pass", "statement dropped")
        self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> None:
        """Says what is so anyway."""

    def visit(self, node: ast.AST) -> None:
        """One node; some statements can be dropped whatever is in them."""
        if isinstance(node, STATEMENTS):
            self._put(node, "pass", "statement dropped")
        super().visit(node)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
