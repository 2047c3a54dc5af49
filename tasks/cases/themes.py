"""Which themes the cases of late have, and how hot each is. Pure: from what was said to themes.

A theme is one that an owner has named (the policy "hot_issues": words of which any of each list is
there), or one that is found: words that many cases of the window share and hardly any had before.
A case from the media or a regulator makes a theme of its own, with whatever is like it.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

from records.article_terms import terms_of

SHOWN = 40  # characters of a title
LIKE = 0.4  # share of its terms that makes a case like one from the media
MOST_WORDS = 8
Rules = Mapping[str, Any]


@dataclass(frozen=True)
class Said:
    """One case, as far as themes go by it."""

    id: int
    words: str
    is_press: bool
    at: datetime
    issue: int | None = None  # the hot issue that it was found to be of

    @cached_property
    def terms(self) -> frozenset[str]:
        return frozenset(terms_of(self.words))


@dataclass(frozen=True)
class Theme:
    """What many say at once."""

    key: str
    title: str
    title_en: str
    words: list[str]
    cases: list[Said]  # of the window, the first one first
    usual: float  # how many such a window had in the days before

    @property
    def press(self) -> int:
        return sum(case.is_press for case in self.cases)


@dataclass(frozen=True)
class Heat:
    """How hot it is, and which rule says so."""

    state: str  # "", amber, red
    why: dict[str, Any]


def find(said: Iterable[Said], now: datetime, rules: Rules) -> list[Theme]:
    """The themes of the window that ends `now`, the largest first."""
    since = now - timedelta(hours=rules["window_hours"])
    rows = sorted(said, key=lambda each: (each.at, each.id))
    late = [each for each in rows if each.at > since]
    early = [each for each in rows if each.at <= since]
    windows = rules["days_before"] * 24 / rules["window_hours"]
    search = _Search(late, early, windows, rules)
    themes = [*search.known(), *search.of_press(), *search.found()]
    return sorted(themes, key=lambda theme: (-len(theme.cases), theme.key))


def heat_of(theme: Theme, rules: Rules) -> Heat:
    """Red by the first rule that is met; amber where it is met with a share of the number."""
    if why := _met(theme, rules["red"], 1.0):
        return Heat("red", why)
    why = _met(theme, rules["red"], rules["amber_percent"] / 100)
    return Heat("amber" if why else "", why)


def fits(words: str, all_: Iterable[Iterable[str]]) -> bool:
    """Whether any of each list is said."""
    said = plain(words)
    return all(any(word in said for word in each) for each in all_)


@lru_cache(maxsize=20_000)
def plain(words: str) -> str:
    return unicodedata.normalize("NFKC", words).casefold()


def _met(theme: Theme, red: Rules, share: float) -> dict[str, Any]:
    """The growth itself is not halved: twice as many as usual of four cases is chance."""
    volume, least = len(theme.cases), red["growth_volume"] * share
    if theme.press and theme.press >= red["press"] * share:
        return {"rule": "press", "value": theme.press, "limit": red["press"]}
    if volume >= max(red["volume"] * share, red["volume_growth"] * theme.usual):
        return {"rule": "volume", "value": volume, "limit": red["volume"] * share}
    if volume >= least and volume >= red["growth"] * theme.usual:
        growth = round(volume / theme.usual, 1) if theme.usual else None
        limits = {"limit": red["growth"], "least": least}
        return {"rule": "growth", "value": growth, "volume": volume, **limits}
    return {}


class _Search:
    """What is left to be explained: each case is of one theme at most."""

    def __init__(
        self, late: Sequence[Said], early: Sequence[Said], windows: float, rules: Rules
    ) -> None:
        self.late, self.early, self.windows, self.rules = list(late), early, windows, rules
        self.before = Counter(term for each in early for term in each.terms)

    def known(self) -> Iterable[Theme]:
        for key, told in self.rules["themes"].items():
            if cases := self._take([each for each in self.late if fits(each.words, told["all"])]):
                usual = sum(fits(each.words, told["all"]) for each in self.early) / self.windows
                words = [words[0] for words in told["all"]]
                yield Theme(key, told["zh"], told["en"], words, cases, usual)

    def of_press(self) -> Iterable[Theme]:
        for first in [each for each in self.late if each.is_press]:
            if first in self.late:
                like = [each for each in self.late if each is first or _is_like(first, each)]
                yield self._found(self._take(like), sorted(first.terms)[:MOST_WORDS], first)

    def found(self) -> Iterable[Theme]:
        tried: set[str] = set()
        while sign := self._sign(tried):
            words, rules = sign, self.rules["found"]
            cases = [each for each in self.late if len(each.terms & words) >= rules["least_words"]]
            if len(words) < rules["least_words"] or len(cases) < rules["least_cases"]:
                tried |= words
                continue
            first = max(cases, key=lambda each: (len(each.terms & words), -each.id))
            yield self._found(self._take(cases), sorted(words)[:MOST_WORDS], first)

    def _sign(self, tried: set[str]) -> set[str]:
        """The words that the most common new one comes with."""
        counts = Counter(term for each in self.late for term in each.terms)
        new = {term for term, n in counts.items() if self._is_new(term, n)}
        if not (left := new - tried):
            return set()
        seed = max(left, key=lambda term: (counts[term], term))
        group = [each.terms for each in self.late if seed in each.terms]
        beside = Counter(term for terms in group for term in terms & new)
        return {seed, *(term for term, n in beside.items() if 2 * n >= len(group))}

    def _is_new(self, term: str, count: int) -> bool:
        rules = self.rules["found"]
        usual = self.before[term] / self.windows
        least = max(rules["least_cases"], rules["new_times"] * usual)
        return bool(count >= least)

    def _found(self, cases: list[Said], words: list[str], first: Said) -> Theme:
        usual = sum(_is_like(first, each) for each in self.early) / self.windows
        title = first.words.splitlines()[0][:SHOWN]
        return Theme(f"found:{cases[0].id}", title, "", words, cases, usual)

    def _take(self, cases: list[Said]) -> list[Said]:
        taken = {each.id for each in cases}
        self.late = [each for each in self.late if each.id not in taken]
        return cases


def _is_like(first: Said, other: Said) -> bool:
    least = min(len(first.terms), len(other.terms))
    return least > 0 and len(first.terms & other.terms) >= LIKE * least
