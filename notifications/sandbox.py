"""The language that words are written in: Jinja2, as far as its price is bounded by its size.

No calls, no arithmetic, no loop within a loop, few filters: then nobody who edits words can stop
the server, on purpose or by mistake. Called by words.py.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, UndefinedError, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from notifications.refusals import BadWords

LONGEST = 8_000  # characters of a template
MOST = 20_000  # characters of what comes of it
FILTERS = {
    "default",
    "duration",
    "first",
    "join",
    "last",
    "length",
    "lower",
    "round",
    "trim",
    "upper",
}
KNOWN = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Const,
    nodes.List,
    nodes.Tuple,
    nodes.If,
    nodes.CondExpr,
    nodes.For,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Concat,
    nodes.Filter,
    nodes.Test,
    nodes.Keyword,
)


@lru_cache(maxsize=200)
def read(source: str) -> Template:
    """The template, if it can be read and keeps to the language."""
    if len(source) > LONGEST:
        raise BadWords(f"longer than {LONGEST} characters", f"模板超过 {LONGEST} 字,请缩短")
    try:
        tree = _LANGUAGE.parse(source)
        _check(tree, loops=0)
        return _LANGUAGE.from_string(tree)
    except TemplateError as error:
        said = error.message or type(error).__name__
        raise BadWords(said, f"模板读不懂({said})") from error
    except (SyntaxError, RecursionError) as error:  # Python has its own limits of depth
        raise BadWords("too deeply nested: split it up", "嵌套太深,请拆开") from error


def render(template: Template, told: dict[str, Any]) -> str:
    try:
        return "".join(_within(MOST, template.generate(told)))
    except BadWords:
        raise
    except Exception as error:  # whatever a template does with facts that it did not expect
        raise BadWords(*_say(error)) from error


def _within(most: int, parts: Iterator[str]) -> Iterator[str]:
    for part in parts:
        most -= len(part)
        if most < 0:
            raise BadWords(f"makes more than {MOST} characters", f"生成的文字超过 {MOST} 字")
        yield part


def _say(error: Exception) -> tuple[str, str]:
    """In English and in Chinese, as far as it is known what went wrong."""
    said = f"{type(error).__name__}: {error}".rstrip(".")
    if isinstance(error, SecurityError):
        return said, f"不能读取内部属性({error})"
    elif isinstance(error, UndefinedError):
        return said, f"用到了没有的变量({error})"
    return said, f"填不进去({said})"


def _bad(node: nodes.Node, en: str, zh: str) -> BadWords:
    return BadWords(f"line {node.lineno}: {en}", f"第 {node.lineno} 行:{zh}")


def _check(node: nodes.Node, loops: int) -> None:
    if not isinstance(node, KNOWN):
        name = type(node).__name__
        raise _bad(node, f"{name} is not for words", f"模板里不能用 {name}")
    if isinstance(node, nodes.For):
        loops += 1
        if loops > 1 or node.recursive:
            raise _bad(node, "a loop within a loop", "循环里不能再有循环")
    if isinstance(node, nodes.Filter):
        _check_filter(node)
    for child in node.iter_child_nodes():
        _check(child, loops)


def _check_filter(node: nodes.Filter) -> None:
    if node.name not in FILTERS:
        known = ", ".join(sorted(FILTERS))
        en, zh = "no filter “{}”: there are {}", "没有过滤器“{}”,可用:{}"
        raise _bad(node, en.format(node.name, known), zh.format(node.name, known))
    # Each join may multiply what it is given by the length of its separator.
    if node.name == "join" and not _is_cheap_join(node):
        en, zh = "join takes a list of facts and a short text", "join 只用于列表,分隔文字要短"
        raise _bad(node, en, zh)


def _is_cheap_join(node: nodes.Filter) -> bool:
    short = all(isinstance(arg, nodes.Const) and len(str(arg.value)) <= 20 for arg in node.args)
    return short and not node.kwargs and isinstance(node.node, nodes.Name | nodes.Getattr)


@pass_context
def _duration(told: Context, minutes: float) -> str:
    """135 is “2 小时 15 分” or “2 h 15 min”."""
    hours, rest = divmod(round(minutes), 60)
    hour, minute = ("h", "min") if told.get("language") == "en" else ("小时", "分")
    parts = [f"{hours} {hour}"] if hours else []
    return " ".join([*parts, f"{rest} {minute}"] if rest or not hours else parts)


def _make_language() -> ImmutableSandboxedEnvironment:
    language = ImmutableSandboxedEnvironment(undefined=StrictUndefined, lstrip_blocks=True)
    language.filters["duration"] = _duration
    language.globals.clear()
    return language


_LANGUAGE = _make_language()
