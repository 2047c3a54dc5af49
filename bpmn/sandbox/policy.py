"""What author code may say: a white list of grammar, and the guards that each piece becomes.

`programs.py` compiles with it. RestrictedPython's own checks stand behind it as a second wall.
"""

import ast
from typing import Any, NoReturn

from RestrictedPython.transformer import RestrictingNodeTransformer

from bpmn.sandbox.budget import BITS
from bpmn.sandbox.functions import FUNCTIONS
from bpmn.sandbox.refusals import ScriptRefused, unknown_name

SAFE = (
    "Module Expression Expr Assign AugAssign For If Pass Break Continue "
    "BoolOp BinOp UnaryOp IfExp Compare Call keyword Constant Attribute Subscript Slice Name "
    "JoinedStr FormattedValue List Tuple Set Dict ListComp SetComp DictComp GeneratorExp "
    "comprehension Load Store And Or Not UAdd USub Invert "
    "Add Sub Mult Div FloorDiv Mod Pow LShift RShift BitOr BitAnd BitXor "
    "Eq NotEq Lt LtE Gt GtE Is IsNot In NotIn"
)
NODES = frozenset(SAFE.split())

# node: what an author calls it, and what to do instead
INSTEAD = {
    "While": ("while", "请用 for 循环。", "Use a for loop."),
    "Import": ("import", "只能用内置的函数。", "Only the built-in functions are there."),
    "ImportFrom": ("import", "只能用内置的函数。", "Only the built-in functions are there."),
    "Lambda": ("lambda", "请用列表推导式。", "Use a list comprehension."),
    "FunctionDef": ("def", "请把逻辑分成几个脚本步骤。", "Split the logic into several steps."),
    "ClassDef": ("class", "请用字典。", "Use a dict."),
    "Try": ("try", "请先判断再处理，例如 .get()。", "Test first, for instance with .get()."),
    "TryStar": ("try", "请先判断再处理，例如 .get()。", "Test first, for instance with .get()."),
    "Match": ("match", "请用 if 与 elif。", "Use if and elif."),
    "Delete": ("del", "请用 .pop() 删除字典的项。", "Use .pop() to take a key out of a dict."),
    "NamedExpr": (":=", "请另起一行赋值。", "Assign on a line of its own."),
    "Starred": ("*", "请用 + 连接列表。", "Use + to join lists."),
    "AnnAssign": ("x: int", "请去掉类型标注。", "Leave the annotation out."),
}
OTHERWISE = ("请改用赋值、if、for 和表达式。", "Use assignments, if, for and expressions.")
CONSTANTS = (str, int, float, bool, type(None))


def refuse(node: ast.AST, zh: str, en: str) -> NoReturn:
    line = getattr(node, "lineno", None)
    if line:
        zh, en = f"第 {line} 行:{zh}", f"Line {line}: {en}"
    raise ScriptRefused(zh, en, line)


def call(guard: str, args: list[ast.expr], like: ast.AST) -> ast.expr:
    made = ast.Call(ast.copy_location(ast.Name(guard, ast.Load()), like), args, [])
    for arg in args:
        ast.copy_location(arg, like) if not hasattr(arg, "lineno") else None
    return ast.copy_location(made, like)


class Policy(RestrictingNodeTransformer):
    def visit(self, node: ast.AST) -> Any:
        kind = type(node).__name__
        if kind not in NODES:
            word, zh, en = INSTEAD.get(kind, (kind.lower(), *OTHERWISE))
            refuse(node, f"脚本里不能用 {word}。{zh}", f"`{word}` is not for scripts. {en}")
        return super().visit(node)

    def error(self, node: ast.AST, info: str) -> None:
        refuse(node, f"不允许的写法:{info}", f"This is not for scripts: {info}")

    def guard_iter(self, node: Any) -> Any:
        size = sum(1 for _ in ast.walk(node))
        node = self.node_contents_visit(node)
        if getattr(node, "is_async", 0):
            refuse(node.iter, "脚本里不能用 async。", "async is not for scripts.")
        node.iter = call("_getiter_", [node.iter, ast.Constant(size)], node.iter)
        return node

    def visit_ListComp(self, node: Any) -> Any:
        """The rounds of a comprehension are paid by its iterables, its element with them."""
        size = sum(1 for _ in ast.walk(node))
        node = self.node_contents_visit(node)
        for part in node.generators:
            part.iter.args[1] = ast.copy_location(ast.Constant(size), part.iter)
        return node

    visit_SetComp = visit_DictComp = visit_ListComp

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> Any:
        """A list at once: no generator, and no frame of one, ever exists."""
        made = ast.ListComp(node.elt, node.generators)
        return self.visit_ListComp(ast.copy_location(made, node))

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id.startswith("_") and node.id != "_":
            refuse(node, "名称不能以下划线开头。", "A name cannot begin with an underscore.")
        return node

    def visit_Constant(self, node: ast.Constant) -> Any:
        if not isinstance(node.value, CONSTANTS):
            refuse(node, "只能用文字、数、真假和 None。", "Only strings, numbers, booleans, None.")
        if type(node.value) is int and node.value.bit_length() > BITS:
            refuse(node, "整数过大。", "This whole number is too large.")
        return node

    def visit_Tuple(self, node: ast.Tuple) -> Any:
        """Tuples are lists, as in JSON: so no container can be hashed, however deep it is."""
        node = self.node_contents_visit(node)
        if isinstance(node.ctx, ast.Store):
            return node
        return ast.copy_location(ast.List(node.elts, ast.Load()), node)

    def visit_Dict(self, node: ast.Dict) -> Any:
        if None in node.keys:
            refuse(node, "请用 a | b 合并字典。", "Use a | b to merge dicts.")
        return self.node_contents_visit(node)

    def visit_Call(self, node: ast.Call) -> Any:
        function = node.func
        if not isinstance(function, ast.Name | ast.Attribute):
            refuse(node, "只能按名称调用函数。", "Call a function by its name.")
        if any(word.arg is None for word in node.keywords):
            refuse(node, "调用时不能用 **。", "** is not possible in a call.")
        if isinstance(function, ast.Name) and function.id not in FUNCTIONS:
            refuse(node, *unknown_name(function.id, FUNCTIONS))
        made: Any = super().visit_Call(node)
        if isinstance(made.func, ast.Name):
            made.func.id = f"_{made.func.id}_"
        return made

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        if isinstance(node.ctx, ast.Store):
            refuse(node, '请写 x["key"] = …。', 'Write x["key"] = … to set a key.')
        return super().visit_Attribute(node)

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        if isinstance(node.ctx, ast.Store) and isinstance(node.slice, ast.Slice):
            refuse(node, "不能给切片赋值。", "A slice cannot be assigned to.")
        return super().visit_Subscript(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> Any:
        return call("_text_", [self.part(each) for each in node.values], node)

    def part(self, node: Any) -> Any:
        if isinstance(node, ast.FormattedValue):
            if node.format_spec is not None or node.conversion != -1:
                refuse(node, "f 字符串里不能写格式，请用 round()。", "No format: use round().")
            node = node.value
        return self.visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        node = self.node_contents_visit(node)
        return call(f"_{type(node.op).__name__}_", [node.left, node.right], node)

    def visit_Assign(self, node: ast.Assign) -> Any:
        return self.node_contents_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        """`x += 1` makes a new x; the list that y also names stays as it is."""
        sign, value = type(node.op).__name__, self.visit(node.value)
        target = node.target
        if isinstance(target, ast.Name):
            now = self.visit(ast.copy_location(ast.Name(target.id, ast.Load()), target))
            made = ast.Assign([target], call(f"_{sign}_", [now, value], node))
            return ast.copy_location(made, node)
        if isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Slice):
            owner, key = self.visit(target.value), self.visit(target.slice)
            made_call = call("_amend_", [owner, key, ast.Constant(sign), value], node)
            return ast.copy_location(ast.Expr(made_call), node)
        return refuse(node, '请写 x["key"] += …。', 'Write x["key"] += ….')

    def visit_Compare(self, node: ast.Compare) -> Any:
        operands = [node.left, *node.comparators]
        heavy: set[int] = set()
        for place, sign in enumerate(node.ops):
            heavy |= compared(sign, operands, place)
        weighed = [
            call("_weigh_", [self.visit(each)], each) if place in heavy else self.visit(each)
            for place, each in enumerate(operands)
        ]
        node.left, node.comparators = weighed[0], weighed[1:]
        return node


def compared(sign: ast.cmpop, operands: list[ast.expr], place: int) -> set[int]:
    """Which of the two operands C code will go through, and so must be weighed."""
    left, right = operands[place], operands[place + 1]
    if isinstance(sign, ast.Is | ast.IsNot):
        if not (isinstance(right, ast.Constant) and right.value in (None, True, False)):
            refuse(right, "请用 == 比较。", "Use == to compare.")
        return set()
    if isinstance(sign, ast.In | ast.NotIn):
        return set() if is_constant_list(right) else {place, place + 1}
    if isinstance(left, ast.Constant) or isinstance(right, ast.Constant):
        return set()
    return {place, place + 1}


def is_constant_list(node: ast.expr) -> bool:
    if not isinstance(node, ast.List | ast.Tuple | ast.Set):
        return False
    return all(isinstance(each, ast.Constant) for each in node.elts)
