"""Author code, compiled once: `running.py` runs it, the gate checks it and asks for its names."""

import ast
import re
import textwrap
import threading
import warnings
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Literal

from RestrictedPython.compile import compile_restricted_eval, compile_restricted_exec

from bpmn.sandbox.policy import Policy
from bpmn.sandbox.reading import Reading, read
from bpmn.sandbox.refusals import FILE, ScriptRefused

Mode = Literal["exec", "eval"]
LENGTH = 20_000  # characters of source
PERIOD = r"P(?=.)(?:\d+(?:\.\d+)?[YMWD])*(?:T(?=.)(?:\d+(?:\.\d+)?[HMS])+)?"
INSTANT = r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
LITERAL = re.compile(rf"{INSTANT}|-?{PERIOD}|R\d*/(?:{INSTANT}/)?{PERIOD}(?:/{INSTANT})?")

NO_CODE = compile("None", FILE, "eval")
_warnings_are_process_wide = threading.Lock()


@dataclass(frozen=True)
class Program:
    """`literal` is set for a bare ISO 8601 text, which is not run."""

    source: str
    code: CodeType
    reading: Reading
    literal: str | None = None


def check_script(source: str) -> None:
    program(source, "exec")


def check_expression(source: str) -> None:
    program(source, "eval")


def names(source: str) -> set[str]:
    """The names of data that a script or an expression needs from outside."""
    try:
        return set(program(source, "eval").reading.needs)
    except ScriptRefused:
        return set(program(source, "exec").reading.needs)


def program(source: str, mode: Mode) -> Program:
    if len(source) > LENGTH:
        raise ScriptRefused(
            f"脚本超过 {LENGTH} 个字符，请拆分。", f"Longer than {LENGTH} characters: split it."
        )
    return compiled(source, mode)


@lru_cache(4096)
def compiled(source: str, mode: Mode) -> Program:
    if mode == "eval" and LITERAL.fullmatch(source.strip()):
        return Program(source, NO_CODE, Reading(), source.strip())
    written = laid_out(source, mode)
    try:
        with _warnings_are_process_wide, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "invalid escape sequence" is no reason to stop
            return compile_tree(source, written, mode)
    except (SyntaxError, ValueError) as error:
        raise not_python(error) from None
    except (RecursionError, MemoryError):
        raise ScriptRefused("脚本嵌套过深，请拆分。", "Nested too deep: split it.") from None


def laid_out(source: str, mode: Mode) -> str:
    """As the diagram has it, often indented. Line numbers stay the author's."""
    if mode == "exec":
        return textwrap.dedent(source)
    stripped = source.strip()
    return f"({stripped}\n)" if "\n" in stripped else stripped


def compile_tree(source: str, written: str, mode: Mode) -> Program:
    if mode == "eval":
        tree = ast.parse(written, FILE, "eval")
        reading, result = read(tree), compile_restricted_eval(tree, FILE, policy=Policy)
    else:
        body = ast.parse(written, FILE, "exec")
        reading, result = read(body), compile_restricted_exec(body, FILE, policy=Policy)
    if result.code is None:
        raise SyntaxError("; ".join(result.errors))
    return Program(source, result.code, reading)


def not_python(error: Exception) -> ScriptRefused:
    line = getattr(error, "lineno", None)
    where = (f"第 {line} 行", f"Line {line}: ") if line else ("", "")
    told = getattr(error, "msg", str(error))
    zh = f"{where[0]}无法读懂:{told}。文字要加引号，缩进要一致。"
    return ScriptRefused(zh, f"{where[1]}{told}. Quote texts and indent evenly.", line)
