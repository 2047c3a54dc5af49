"""Chinese and English for pages. The templates are in English; languages/zh.po says it in Chinese.

Read by Babel once in each process, as text: there is nothing to compile.
"""

from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = ("zh", "en")
FOLDER = Path(__file__).parent.parent / "languages"


def translate(language: str, words: str) -> str:
    """What has no translation is said as it stands; tests/test_pages.py finds that."""
    return words if language == "en" else messages().get(words, words)


@cache
def messages() -> dict[str, str]:
    with (FOLDER / "zh.po").open("rb") as file:
        catalogue = read_po(file, locale="zh")
    return {str(one.id): str(one.string) for one in catalogue if one.id and one.string}


def one_of(language: str, zh: str, en: str) -> str:
    """Of a thing that is named in both."""
    return (en or zh) if language == "en" else (zh or en)


def of_title(language: str, title: str) -> str:
    """Of a step's name, written “判断 / Judge” in its diagram."""
    zh, _, en = title.partition(" / ")
    return one_of(language, zh, en)
