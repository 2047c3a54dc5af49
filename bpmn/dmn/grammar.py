"""Reads the text of decision-table cells: a subset of FEEL's unary tests, else an expression.

`reading.py` calls it. What is wrong with a cell is a `BadCell`, which becomes a finding.
"""

import re
from math import isfinite
from typing import Any

from bpmn import sandbox
from bpmn.dmn.cells import INPUT, Cell, Computed, Equal, Not, Output, Range, Test, kind_of
from bpmn.sandbox import ScriptRefused
from bpmn.sandbox.programs import INSTANT, PERIOD

NUMBER = r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?"
QUOTED = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'"
ISO = rf"-?{PERIOD}|{INSTANT}"
WORDS = {"true": True, "True": True, "false": False, "False": False}
WORDS_FOR_NOTHING = ("null", "None")
QUOTES = re.compile(QUOTED)
LITERAL = re.compile(rf"{NUMBER}|{QUOTED}|{ISO}|true|True|false|False|null|None")
RANGE = re.compile(
    rf"([\[(\]])\s*({NUMBER}|{QUOTED}|{ISO})\s*\.\.\s*({NUMBER}|{QUOTED}|{ISO})\s*([\])\[])"
)
COMPARISON = re.compile(r"(<=|>=|!=|==|=|<|>)\s*(.+)", re.DOTALL)
NEGATION = re.compile(r"not\s*\((.*)\)", re.DOTALL)
COMPUTED_RANGE = re.compile(r"([\[(\]])(.+?)\.\.(.+)([\])\[])", re.DOTALL)
BARE_WORD = re.compile(r"[^\W\d]\w*")
ESCAPES = {"n": "\n", "t": "\t", '"': '"', "'": "'", "\\": "\\"}
LENGTH = 2_000  # characters of one cell
FULL_WIDTH = "“”‘’，（）【】《》！"


class BadCell(Exception):
    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def read_cell(text: str) -> Cell:
    text = trimmed(text)
    return Cell(text, () if text in ("", "-") else read_tests(text))


def trimmed(text: str) -> str:
    if len(text) > LENGTH:
        raise BadCell(f"单元格超过 {LENGTH} 个字符。", f"A cell of more than {LENGTH} characters.")
    return text.strip()


def read_tests(text: str) -> tuple[Test, ...]:
    return tuple(read_test(part) for part in alternatives(text))


def read_test(text: str) -> Test:
    if LITERAL.fullmatch(text):
        return Equal(read_literal(text))
    if found := RANGE.fullmatch(text):
        return read_range(*found.groups())
    if (found := NEGATION.fullmatch(text)) and is_list_of_tests(found[1]):
        return Not(read_tests(found[1]))
    if found := COMPARISON.fullmatch(text):
        return read_comparison(found[1], found[2].strip())
    if found := COMPUTED_RANGE.fullmatch(text):
        low, high = "<" if found[1] != "[" else "<=", "<" if found[4] != "]" else "<="
        return read_expression(f"({found[2]}) {low} ? {high} ({found[3]})")
    return read_expression(text)


def read_literal(text: str) -> Any:
    if text in WORDS:
        return WORDS[text]
    if text in WORDS_FOR_NOTHING:
        return None
    if text[0] in "\"'":
        return re.sub(r"\\(.)", unescaped, text[1:-1], flags=re.DOTALL)
    return read_number(text) if re.fullmatch(NUMBER, text) else text


def read_number(text: str) -> int | float:
    made = float(text)
    if not isfinite(made):
        raise BadCell(f"数 {text:.20} 过大。", f"The number {text:.20} is too large.")
    return made if re.search(r"[.eE]", text) else int(text)


def unescaped(found: re.Match[str]) -> str:
    if found[1] not in ESCAPES:
        raise BadCell(f"不认识转义“{found[0]}”。", f"The escape {found[0]} is not known.")
    return ESCAPES[found[1]]


def read_range(opening: str, low: str, high: str, closing: str) -> Range:
    made = Range(read_literal(low), opening == "[", read_literal(high), closing == "]")
    need_order(made.low)
    if kind_of(made.low) != kind_of(made.high):
        raise BadCell("范围两端的类型不同。", "The ends of the range are of different kinds.")
    if made.low > made.high:
        raise BadCell("范围的两端颠倒了。", "The ends of the range are the wrong way round.")
    return made


def read_comparison(sign: str, operand: str) -> Test:
    if not LITERAL.fullmatch(operand):
        return read_expression(f"? {'==' if sign == '=' else sign} {operand}")
    value = read_literal(operand)
    if sign in ("=", "=="):
        return Equal(value)
    if sign == "!=":
        return Not((Equal(value),))
    need_order(value)
    if sign[0] == "<":
        return Range(None, False, value, sign == "<=")
    return Range(value, sign == ">=", None, False)


def need_order(value: Any) -> None:
    """As texts, PT10H comes before PT2H."""
    if kind_of(value) not in ("number", "text") or re.fullmatch(PERIOD, str(value)):
        raise BadCell(
            "只有数、文字和日期能比大小，时长请换算成分钟。",
            "Only numbers, texts and dates have an order: give durations in minutes.",
        )


def read_expression(text: str) -> Computed:
    if BARE_WORD.fullmatch(text):
        raise BadCell(
            f'{text} 没有加引号。若是文字请写 "{text}"，若是数据请写 ? == {text}。',
            f'{text} is not quoted: write "{text}" for the text, or ? == {text} for the data.',
        )
    expression, asks = asked(text)
    check(expression, text)
    return Computed(expression, asks)


def check(expression: str, text: str) -> None:
    try:
        sandbox.check_expression(expression)
    except ScriptRefused as error:
        hint = ("请用半角的引号、逗号和括号。", "Use plain quotes, commas and brackets.")
        zh, en = hint if any(mark in text for mark in FULL_WIDTH) else (error.zh, error.en)
        raise BadCell(f"单元格“{text}”有误:{zh}", f"The cell `{text}` is wrong: {en}") from None


def read_output(text: str) -> Output:
    text = trimmed(text)
    if not text or text == "-":
        return Output(text, None)
    if LITERAL.fullmatch(text):
        return Output(text, None, read_literal(text))
    check(text, text)
    return Output(text, text)


def alternatives(text: str) -> list[str]:
    """Cut at the commas that are in no quotes and no brackets. `]1..5[` is a range, too."""
    parts, start, at, depth = [], 0, 0, 0
    while at < len(text):
        found = piece(text, at) if not text[start:at].strip() else QUOTES.match(text, at)
        if found:
            at = found.end()
            continue
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if text[at] == "," and depth <= 0:
            parts.append(text[start:at].strip())
            start = at + 1
        at += 1
    parts.append(text[start:].strip())
    if not all(parts):
        raise BadCell("逗号之间缺少内容。", "There is nothing between two commas.")
    return parts


def piece(text: str, at: int) -> re.Match[str] | None:
    """What may stand at the beginning of an alternative and hold commas or lone brackets."""
    return RANGE.match(text, at) or QUOTES.match(text, at)


def is_list_of_tests(inside: str) -> bool:
    """`not("a", "b")`, and neither `not (? in x)` nor `not (a) and (b)`."""
    bare = QUOTES.sub("", inside)
    return "?" not in bare and bare.find(")") >= bare.find("(")


def asked(text: str) -> tuple[str, bool]:
    """The expression with `?` replaced, and whether there was one outside quotes."""
    parts = re.split(rf"({QUOTED})", text)
    for place in range(0, len(parts), 2):
        parts[place] = parts[place].replace("?", f" {INPUT} ")
    made = "".join(parts).strip()
    return made, made != text
