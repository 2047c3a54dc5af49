"""The words of notices: for each template a title line and a text, in Chinese and in English.

Shipped: words/<template>.<zh|en>.txt. An owner's own are the policy “words": {template: {"zh",
"en"}}, checked by `check_words` before they are published. What each template may tell is in
words/facts.json with examples; USUAL is there besides, and may be empty. A fact {"zh": …, "en": …}
is told in the reader's language.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from notifications import sandbox
from notifications.refusals import BadWords, Finding

LANGUAGES = ("zh", "en")
LONGEST_TITLE = 300
USUAL = ("name", "link", "seen_link")  # who reads it, where to act, where to say “I have seen it”
BLANK = re.compile(r"\n\s*\n")
FOLDER = Path(__file__).parent / "words"
Facts = Mapping[str, Any]
Own = Mapping[str, Mapping[str, str]]


def write(own: Own, template: str, language: str, facts: Facts) -> tuple[str, str]:
    """Title and text. Language “both": Chinese first and English below. BadWords if they fail."""
    if template not in TEMPLATES:
        some = ", ".join(TEMPLATES)
        raise BadWords(
            f"no template “{template}”: there are {some}", f"没有模板“{template}”,可用:{some}"
        )
    if language == "both":
        written = [write(own, template, one, facts) for one in LANGUAGES]
        return " / ".join(title for title, _ in written), "\n\n".join(text for _, text in written)
    source = own.get(template, {}).get(language) or _shipped(template, language)
    return _fill(source, template, language, facts)


def check_words(content: Any) -> list[Finding]:
    """What is wrong with the policy “words", tried on the examples of facts.json."""
    if not isinstance(content, Mapping):
        return [Finding("", "须为 JSON 对象", "has to be a JSON object")]
    return [finding for template in content for finding in _check(template, content[template])]


def shipped_words() -> dict[str, dict[str, str]]:
    """What came with Baton, as the policy “words” would have it: for an owner to start from."""
    return {name: {one: _shipped(name, one) for one in LANGUAGES} for name in TEMPLATES}


@cache
def _templates() -> dict[str, dict[str, Any]]:
    found = json.loads((FOLDER / "facts.json").read_text(encoding="utf-8"))
    return {name: {"optional": {}, **told} for name, told in found.items()}


TEMPLATES = _templates()


def _fill(source: str, template: str, language: str, facts: Facts) -> tuple[str, str]:
    told: dict[str, Any] = dict.fromkeys([*USUAL, *TEMPLATES[template]["optional"]])
    told |= {name: _in(language, fact) for name, fact in facts.items()}
    filled = sandbox.render(sandbox.read(source), told | {"language": language})
    title, _, text = filled.strip().partition("\n")
    if not 0 < len(title) <= LONGEST_TITLE:
        raise BadWords(
            f"the first line, the title, is empty or longer than {LONGEST_TITLE} characters",
            f"第一行(标题)为空,或超过 {LONGEST_TITLE} 字",
        )
    return title.strip(), BLANK.sub("\n\n", text.strip())


def _in(language: str, fact: Any) -> Any:
    if isinstance(fact, Mapping):
        if set(fact) == set(LANGUAGES):
            return fact[language]
        return {key: _in(language, value) for key, value in fact.items()}
    return [_in(language, value) for value in fact] if isinstance(fact, list | tuple) else fact


def _check(template: str, told: Any) -> Iterator[Finding]:
    if template not in TEMPLATES:
        known = ", ".join(TEMPLATES)
        yield Finding(
            template, f"没有这个模板,可用:{known}", f"No such template: there are {known}"
        )
    elif not isinstance(told, Mapping) or set(told) != set(LANGUAGES):
        yield Finding(
            template, "须有 zh 和 en 两种文字", "needs its words in zh and in en, no more"
        )
    else:
        for language in LANGUAGES:
            yield from _try(template, language, told[language])


def _try(template: str, language: str, source: Any) -> Iterator[Finding]:
    """With all that may be told, and with no more than is always told."""
    known = TEMPLATES[template]
    all_of_it = known["facts"] | known["optional"] | dict.fromkeys(USUAL, "https://…")
    if not isinstance(source, str):
        yield Finding(f"{template}.{language}", "须为文字", "has to be a text")
        return
    try:
        for facts in (all_of_it, known["facts"]):
            _fill(source, template, language, facts)
    except BadWords as error:
        names = ", ".join([*known["facts"], *known["optional"], *USUAL])
        path = f"{template}.{language}"
        yield Finding(path, f"{error.zh}。可用的变量:{names}", f"{error}. It may tell: {names}")


@cache
def _shipped(template: str, language: str) -> str:
    return (FOLDER / f"{template}.{language}.txt").read_text(encoding="utf-8")
