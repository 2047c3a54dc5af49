"""Which names author code reads and sets, and whether it changes values (for `programs.py`)."""

import ast
from dataclasses import dataclass

from bpmn.sandbox.functions import FUNCTIONS
from bpmn.sandbox.methods import CHANGING

CHANGES = frozenset(CHANGING.split())


@dataclass(frozen=True)
class Reading:
    """`needs` must come from the data; `loads` may; `stores` are set, other than by `for`."""

    needs: tuple[str, ...] = ()
    loads: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    changes: bool = False


def read(tree: ast.AST) -> Reading:
    reader = Reader()
    reader.visit(tree)
    return Reading(tuple(reader.needs), tuple(reader.loads), tuple(reader.stores), reader.changes)


class Reader(ast.NodeVisitor):
    """Goes in the order of execution; dicts keep that order and drop repeats."""

    def __init__(self) -> None:
        self.needs: dict[str, None] = {}
        self.loads: dict[str, None] = {}
        self.stores: dict[str, None] = {}
        self.local: set[str] = set()  # set so far, by assignment, by `for` or in a comprehension
        self.changes = False

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.stores[node.id] = None
            self.local.add(node.id)
        elif node.id == "_" or not node.id.startswith("_"):
            self.loads[node.id] = None
            if node.id not in self.local and node.id not in FUNCTIONS:
                self.needs[node.id] = None

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        if isinstance(node.target, ast.Name):
            self.visit(ast.Name(node.target.id, ast.Load()))
        self.visit(node.target)

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        self.bind(node.target)
        for each in (*node.body, *node.orelse):
            self.visit(each)

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> None:
        self.comprehend(node.generators, node.elt)

    visit_SetComp = visit_GeneratorExp = visit_ListComp

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self.comprehend(node.generators, node.key, node.value)

    def comprehend(self, parts: list[ast.comprehension], *made: ast.expr) -> None:
        outside = set(self.local)
        for part in parts:
            self.visit(part.iter)
            self.bind(part.target)
            for test in part.ifs:
                self.visit(test)
        for each in made:
            self.visit(each)
        self.local = outside

    def bind(self, target: ast.expr) -> None:
        """Loop variables are working names: they do not become data."""
        before = dict(self.stores)
        self.visit(target)
        self.stores = before

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.changes |= isinstance(node.ctx, ast.Store)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.changes |= node.attr in CHANGES or isinstance(node.ctx, ast.Store)
        self.generic_visit(node)
