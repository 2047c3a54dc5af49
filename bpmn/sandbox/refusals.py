"""Why author code was refused or failed, as sentences in both languages.

`ScriptRefused` and `ScriptFailed` leave the sandbox; `Spent` and `Mistake` are raised by its guards
and become a `ScriptFailed` with the line in `failure`.
"""

import difflib
import types
from collections.abc import Iterable

FILE = "<script>"  # the file name that author code is compiled under: finds its lines in tracebacks


class ScriptRefused(Exception):
    """The code does not compile under the policy; nothing of it ran."""

    def __init__(self, zh: str, en: str, line: int | None = None) -> None:
        super().__init__(en)
        self.zh, self.en, self.line = zh, en, line


class ScriptFailed(Exception):
    """The code stopped while it ran; the caller's data is as it was. `text` is the source line."""

    def __init__(self, zh: str, en: str, line: int | None, cause: Exception, text: str) -> None:
        super().__init__(en)
        self.zh, self.en, self.line, self.cause, self.text = zh, en, line, cause, text


class OutOfBudget(ScriptFailed):
    """Too much time, too many rounds or too large a value."""


class Mistake(Exception):
    """A guard says what the author did wrong."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class Spent(Mistake):
    """A guard says which budget is used up."""


def failure(error: Exception, source: str, known: Iterable[str]) -> ScriptFailed:
    """The same failure, with line and sentences. `known` are the names the author could have meant.

    Frames hold the caller's data, so the traceback is cut off before the error is handed on.
    """
    line = line_of(error.__traceback__)
    lines = source.splitlines()
    text = lines[line - 1].strip()[:200] if line and line <= len(lines) else ""
    zh, en = sentences(error, known)
    kind = OutOfBudget if isinstance(error, Spent | RecursionError | MemoryError) else ScriptFailed
    error = error.with_traceback(None)
    if not line:
        return kind(zh, en, line, error, text)
    return kind(f"第 {line} 行“{text}”:{zh}", f"Line {line}, `{text}`: {en}", line, error, text)


def line_of(trace: types.TracebackType | None) -> int | None:
    line = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def sentences(error: Exception, known: Iterable[str]) -> tuple[str, str]:
    match error:
        case Mistake():
            return error.zh, error.en
        case NameError(name=str(name)):
            return unknown_name(name, known)
        case KeyError() | IndexError():
            return missing_key(error)
        case ZeroDivisionError():
            return "除数为零，请先判断除数。", "Division by zero: test the divisor first."
        case RecursionError() | MemoryError():
            return "数据嵌套过深或过大，请简化。", "Too deep or too large: make the data simpler."
        case _:
            told = str(error)[:200]
            return f"执行失败:{told}。请改正后重试。", f"It failed: {told}. Correct it and retry."


def unknown_name(name: str, known: Iterable[str]) -> tuple[str, str]:
    near = "、".join(near_names(name, known))
    zh = f"这里没有名为 {name} 的数据或函数。" + (f"是否想写:{near}?" if near else "")
    en = f"There is no data and no function named {name} here."
    return zh, en + (f" Did you mean {near.replace('、', ', ')}?" if near else "")


def near_names(name: str, known: Iterable[str]) -> list[str]:
    exact = [k for k in known if k.lower() == name.lower()]
    return exact or difflib.get_close_matches(name, list(known)[:500], n=3, cutoff=0.6)


def missing_key(error: KeyError | IndexError) -> tuple[str, str]:
    if isinstance(error, IndexError):
        return (
            "列表没有这么多项，请先判断长度。",
            "The list is shorter than that: test len() first.",
        )
    key = str(error.args[0])[:100] if error.args else ""
    return (
        f"数据里没有“{key}”这一项，可改用 .get('{key}')。",
        f"There is no key '{key}': use .get('{key}') if it may be missing.",
    )
