"""Conditions of other engines (JUEL `${x > 3}`, FEEL `=x > 3`) as Python, where all agree.

That is: comparisons, and, or, not, names, dotted names, numbers, texts. Anything else is None.
"""

import keyword
import re
from collections.abc import Callable

WRAPPED = re.compile(r"\s*[$#]\{(.*)\}\s*", re.DOTALL)
FEEL = re.compile(r"\s*=(?!=)(.*)", re.DOTALL)
TOKEN = re.compile(
    r"""\s*(?:(?P<number>(?:0|[1-9]\d*)(?:\.\d+)?)|(?P<text>"[^"\\]*"|'[^'\\]*')"""
    r"""|(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)|(?P<sign>&&|\|\||[<>=!]=|[<>=!()-]))"""
)
LONGEST = 2_000  # characters
MOST_TOKENS = 100  # no condition is longer, and brackets are read by recursion
SIGNS = {"&&": "and", "||": "or", "!": "not", "=": "=="}
WORDS = {"eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">="}
VALUES = {"true": "True", "false": "False", "null": "None"}
COMPARE = ("==", "!=", "<", ">", "<=", ">=")


class NotShared(Exception):
    """The expression goes beyond what the languages have in common."""


def inside(text: str) -> str | None:
    """What stands in ${…}, or behind =; None for what is not another engine's."""
    found = WRAPPED.fullmatch(text) or FEEL.fullmatch(text)
    return found[1] if found else None


def to_python(text: str) -> str | None:
    try:
        return Reader(text).read()
    except NotShared:
        return None


class Reader:
    """One token after the other, weakest binding first."""

    def __init__(self, text: str) -> None:
        self.tokens = [*split(text), ""]
        self.at = 0
        if len(self.tokens) > MOST_TOKENS:
            raise NotShared

    def read(self) -> str:
        made = self.either()
        if self.tokens[self.at]:
            raise NotShared
        return made

    def either(self) -> str:
        return self.several("or", self.both)

    def both(self) -> str:
        return self.several("and", self.comparison)

    def several(self, word: str, part: Callable[[], str]) -> str:
        made = [part()]
        while self.take(word):
            made.append(part())
        return f" {word} ".join(made)

    def comparison(self) -> str:
        left = self.single()
        for sign in COMPARE:
            if self.take(sign):
                return f"{left} {sign} {self.single()}"
        return left

    def single(self) -> str:
        """In the others `not` binds closer than a comparison, so it gets its own brackets."""
        if self.take("not"):
            return f"(not {self.single()})"
        if self.take("-"):
            return f"-{self.single()}"
        if self.take("("):
            made = self.either()
            if not self.take(")"):
                raise NotShared
            return f"({made})"
        return self.value()

    def value(self) -> str:
        token = self.tokens[self.at]
        if not token or not (token[0].isalnum() or token[0] in "\"'_"):
            raise NotShared
        self.at += 1
        return token

    def take(self, token: str) -> bool:
        is_next = self.tokens[self.at] == token
        self.at += is_next
        return is_next


def split(text: str) -> list[str]:
    tokens, at = [], 0
    text = text.strip()
    if len(text) > LONGEST:
        raise NotShared
    while at < len(text):
        found = TOKEN.match(text, at)
        if not found:
            raise NotShared
        tokens.append(spelt(found))
        at = found.end()
    return tokens


def spelt(found: re.Match[str]) -> str:
    token = found[0].strip()
    if found["sign"]:
        return SIGNS.get(token, token)
    if found["name"]:
        return named(token)
    return token


def named(name: str) -> str:
    if name in ("and", "or", "not"):
        return name
    if name in WORDS or name in VALUES:
        return WORDS.get(name) or VALUES[name]
    if any(keyword.iskeyword(part) or part.startswith("_") for part in name.split(".")):
        raise NotShared
    return name
