"""What people write for others to read: plain text, and nothing that a browser could run.

Everything is shown as text, so "<10 dBm" and "<Router>" are welcome; what looks like a page that
does something is refused all the same, as is what reads otherwise than it is. Called by the verbs
of articles, questions and pushes.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tasks.refusals import Invalid

ACTIVE = re.compile(  # every repeat is bounded: a text of spaces must not take seconds
    r"<\s{0,20}/?\s{0,20}(script|iframe|object|embed|applet|svg|math|link|meta|base|form|style|img"
    r"|video|audio|body|html|frame|frameset|input|button|template)\b"
    r"|<[^<>]{0,500}\bon[a-z]{3,20}\s{0,20}="
    r"|\b(javascript|vbscript)\s{0,20}:|\bdata\s{0,20}:\s{0,20}text/html",
    re.IGNORECASE,
)
# Characters that cannot be stored, that turn text round, or that nobody sees.
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
Problem = dict[str, str]


def check_texts(told: Mapping[str, Any], longest: Mapping[str, int]) -> None:
    """Refuse all that is wrong at once. `longest`: characters of each field; of each of a list."""
    fields = [
        {"field": field, **wrong}
        for field, most in longest.items()
        for text in _each(told.get(field))
        for wrong in _wrong(text, most)
    ]
    if fields:
        raise Invalid(fields[0]["zh"], fields[0]["en"], fields=fields)


def require_words(told: Mapping[str, Any], *names: str) -> None:
    """There has to be something in each."""
    zh, en = "必填", "is required"
    fields = [
        {"field": name, "zh": zh, "en": en} for name in names if not str(told.get(name, "")).strip()
    ]
    if fields:
        raise Invalid(
            f"请填 {'、'.join(each['field'] for each in fields)}",
            f"Fill in {', '.join(each['field'] for each in fields)}",
            fields=fields,
        )


def _each(value: Any) -> Sequence[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _wrong(text: str, most: int) -> Iterator[Problem]:
    if len(text) > most:
        yield {
            "zh": f"最多 {most} 字,现在是 {len(text)} 字,请缩短",
            "en": f"{most} characters at most, and this has {len(text)}: shorten it",
        }
    elif UNSEEN.search(text):
        yield {
            "zh": "含有不可见的控制字符,请删去后再提交",
            "en": "It has control characters that nobody sees: take them out",
        }
    elif found := ACTIVE.search(unicodedata.normalize("NFKC", text)):
        shown = found.group()[:40]
        yield {
            "zh": f"不能含网页代码或脚本(“{shown}”),请改写成普通文字",
            "en": f"Scripts and HTML are not accepted (“{shown}”): write it as plain text",
        }
