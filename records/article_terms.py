"""The words that an article is found by: the same on every database, in Chinese and in English.

A text becomes terms: English words without their plural, Chinese in overlapping pairs of characters
(光缆中断: 光缆, 缆中, 中断), each kept as a number. Why so: docs/decisions/. Asked by
tasks/learning/article_search.py.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b

HAN = "㐀-鿿豈-﫿\U00020000-\U0003ffff"
RUNS = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+")
IS_HAN = re.compile(f"[{HAN}]")
# How much a term counts, by where it stands; in a body up to three times.
IN_TITLE, IN_SYMPTOMS, IN_BODY, MOST_IN_BODY = 6, 4, 1, 3
SHORTEST = 3  # letters of a word in a title that its beginning is found by
LONGEST = 40  # characters of a word: what is longer is no word


def terms_of(text: str) -> Iterator[str]:
    for run in _runs(text):
        if not IS_HAN.match(run):
            yield stem(run[:LONGEST])
        elif len(run) == 1:
            yield run
        else:
            yield from (run[at : at + 2] for at in range(len(run) - 1))


def beginnings_of(text: str) -> Iterator[str]:
    """For who is still typing: “swi*” of switch, and each single Chinese character."""
    for run in _runs(text):
        if IS_HAN.match(run):
            yield from run
        else:
            word = run[:LONGEST]
            yield from (f"{word[:end]}*" for end in range(SHORTEST, len(word) + 1))


def last_beginning(text: str) -> str:
    """“swi*” where the text ends in the middle of an English word; else “”."""
    runs = list(_runs(text)) if text and not text[-1].isspace() else []
    last = runs[-1] if runs else ""
    return "" if len(last) < SHORTEST or IS_HAN.match(last) else f"{last[:LONGEST]}*"


def weigh(
    titles: Iterable[str], symptoms: str, bodies: Iterable[str], tags: Iterable[str]
) -> dict[int, int]:
    """Each term as a number, and how much it counts. A tag, “cause:LOS”, is a term as it is."""
    counts: Counter[str] = Counter()
    for text in bodies:
        counts.update(terms_of(text))
    told = Counter({term: IN_BODY * min(n, MOST_IN_BODY) for term, n in counts.items()})
    told.update(dict.fromkeys(terms_of(symptoms), IN_SYMPTOMS))
    for title in titles:
        told.update(dict.fromkeys([*terms_of(title), *beginnings_of(title)], IN_TITLE))
    told.update(dict.fromkeys(tags, 1))
    return {number_of(term): weight for term, weight in told.items()}


@lru_cache(maxsize=50_000)
def number_of(term: str) -> int:
    """64 bits, so that no two of a million terms meet (chance 1 in 37 million)."""
    return int.from_bytes(blake2b(term.encode(), digest_size=8).digest(), "big", signed=True)


def stem(word: str) -> str:
    """A plural is found by its singular, and the other way round."""
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] != "s" else word


def _runs(text: str) -> Iterator[str]:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return (found.group() for found in RUNS.finditer(plain))
