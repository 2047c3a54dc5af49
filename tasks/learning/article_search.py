"""Finding articles: by words, and while somebody types, for a case of some category and alarm.

The terms of an article are rows (records/articles.py), so both databases find and rank the same, by
one statement. Rare terms are worth more, and of a long text the rarest are looked for. Measured:
docs/decisions/, and `make bench`, row "search".
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Integer,
    Subquery,
    TextClause,
    TextualSelect,
    bindparam,
    column,
    select,
)
from sqlalchemy import text as sql
from sqlmodel import Session, col

from records import Article
from records.article_terms import IN_TITLE, last_beginning, number_of, terms_of
from records.articles import tags
from tasks.learning import knowledge

COMMON = 2_000  # articles from which on a term is as common as any
MOST = 12  # terms that are looked for
TYPED = 3_500  # articles that are looked at while somebody types
LONGEST = 400  # characters of a text, its last: there is where somebody types
SLOTS = 16, 64, LONGEST + 1  # terms that are counted by one statement
TAGS = ("category", "cause")
HUNDRED = 100  # the worth of a term is its logarithm in hundredths
_MATCHED = [column("article_id", Integer), column("score", Integer), column("matched", Integer)]


@dataclass(frozen=True)
class Sought:
    """What is looked for: each term with its worth, and how much of it an article must have."""

    worths: Mapping[int, int]
    whole: int  # what all of it is worth
    least: int


@dataclass(frozen=True)
class Reason:
    """Why an article is suggested."""

    zh: str
    en: str


@dataclass(frozen=True)
class Suggestion:
    """An article that may help; `share`: how much of the text it has, from 0 to 1."""

    article: Article
    score: int
    share: float
    reasons: list[Reason]


def ranked(session: Session, text: str) -> Subquery:
    """What a search finds: article_id and score, as a table to be narrowed, sorted and paged."""
    needs = knowledge.content(session)["search"]["needs_percent"]
    return _matches(seek(session, text, needs)).subquery("ranked")


def suggest(
    session: Session, text: str, *, category: str = "", cause: str = "", limit: int = 5
) -> list[Suggestion]:
    """Up to `limit` published articles for what is typed so far, for the category of a case and the
    cause of an alarm, the best first. How much each counts, and how much it counts that an article
    solved cases: "suggest" of the policy "knowledge".
    """
    rules = knowledge.content(session)["suggest"]
    words = seek(session, text, rules["needs_percent"], is_typed=True)
    tagged = _tag_worths(category, cause, words, rules)
    found = _matches(_with_tags(words, tagged)).subquery()
    best = select(found).order_by(found.c.score.desc(), found.c.article_id.desc())
    few = session.execute(best.limit(rules["candidates"]))
    scores = {id: (score, matched) for id, score, matched in few}
    rows = session.execute(select(Article).where(col(Article.id).in_(scores))).scalars()
    told = [_tell(row, *scores[row.id], words, tagged, rules) for row in rows]
    fit = [each for each in told if each and each.article.state == "published"]
    return sorted(fit, key=lambda each: (-each.score, -each.article.id))[:limit]


def seek(session: Session, text: str, needs_percent: int, *, is_typed: bool = False) -> Sought:
    """The rarest terms of the text that any article has; fewer while it `is_typed`, for each key
    that is pressed asks again.

    The word that is being typed counts once, as a whole or as a beginning.
    """
    text = text[-LONGEST:].lstrip()
    *_, last = ["", *terms_of(text)]
    beginning = last_beginning(text)
    terms = dict.fromkeys([*terms_of(text), *([beginning] if beginning else [])])
    numbers = [number_of(term) for term in terms]
    counts = _count(session, numbers)
    # Of those as rare, the first in the text.
    rarest = sorted(counts, key=lambda term: (counts[term], numbers.index(term)))[:MOST]
    worths = {term: _worth(counts[term]) for term in (_few(rarest, counts) if is_typed else rarest)}
    twice = [worths.get(number_of(each), 0) for each in (last, beginning)] if beginning else [0]
    whole = sum(worths.values()) - min(twice)
    return Sought(worths, whole, math.ceil(whole * needs_percent / HUNDRED))


def _few(rarest: Sequence[int], counts: Mapping[int, int]) -> list[int]:
    """Those that come to TYPED articles in all; two common ones where there is nothing rarer."""
    read = accumulate(counts[term] for term in rarest)
    few = [term for term, total in zip(rarest, read, strict=True) if total <= TYPED]
    return [term for term in few if counts[term] < COMMON] or list(rarest[:2])


def _count(session: Session, terms: Sequence[int]) -> dict[int, int]:
    """How many articles have each, where any has; no further than COMMON."""
    slots = next(size for size in SLOTS if size >= len(terms))
    rows = session.execute(_counting(slots), _fill("term", terms, slots)).tuples()
    return {term: count for term, count in rows if count}


def _worth(count: int) -> int:
    return round(HUNDRED * math.log(1 + COMMON / count))


def _tag_worths(
    category: str, cause: str, words: Sought, rules: Mapping[str, int]
) -> dict[str, int]:
    """Each a percentage of what a title with all of the words is worth."""
    named = {"category": tags(category, ()), "cause": tags("", [cause] if cause else [])}
    whole = (words.whole or HUNDRED) * IN_TITLE
    return {
        tag: max(1, whole * rules[name] // HUNDRED) for name, some in named.items() for tag in some
    }


def _with_tags(words: Sought, tagged: Mapping[str, int]) -> Sought:
    told = {number_of(tag): worth for tag, worth in tagged.items()}
    least = min([words.least, *told.values()]) if words.whole else 1
    return Sought({**words.worths, **told}, words.whole, least)


def _matches(sought: Sought) -> TextualSelect:
    """article_id, score, and the worth of the terms that it has."""
    size = MOST + len(TAGS)
    told = {"least": max(sought.least, 1)}
    told |= _fill("term", list(sought.worths), size) | _fill(
        "worth", [*sought.worths.values()], size
    )
    return _matching().bindparams(**told).columns(*_MATCHED)


# Texts, and of a few sizes: SQLAlchemy would make a statement with VALUES anew each time, which
# takes longer than the search itself.
@cache
def _counting(slots: int) -> TextClause:
    asked = ", ".join(f"(:term{n})" for n in range(slots))
    counted = sql(
        f"WITH asked(term) AS (VALUES {asked}) SELECT term, (SELECT count(*) FROM (SELECT 1 FROM"
        f" articleterm WHERE articleterm.term = asked.term LIMIT {COMMON}) AS few) FROM asked"
    )
    return counted.bindparams(*_slots("term", slots, BigInteger))


@cache
def _matching() -> TextClause:
    size = MOST + len(TAGS)
    asked = ", ".join(f"(:term{n}, :worth{n})" for n in range(size))
    matched = sql(
        f"WITH asked(term, worth) AS (VALUES {asked}) SELECT article_id,"
        " sum(weight * worth) AS score, sum(worth) AS matched"
        " FROM asked JOIN articleterm ON articleterm.term = asked.term"
        " GROUP BY article_id HAVING sum(worth) >= :least"
    )
    slots = [*_slots("term", size, BigInteger), *_slots("worth", size, Integer)]
    return matched.bindparams(*slots, bindparam("least", type_=Integer))


def _slots(name: str, count: int, kind: type[Integer]) -> list[BindParameter[int]]:
    return [bindparam(f"{name}{n}", 0, type_=kind) for n in range(count)]


def _fill(name: str, values: Sequence[int], slots: int) -> dict[str, int]:
    """What is left over is 0, a term that no article has."""
    return {f"{name}{n}": values[n] if n < len(values) else 0 for n in range(slots)}


def _tell(
    article: Article,
    score: int,
    matched: int,
    words: Sought,
    tagged: Mapping[str, int],
    rules: Mapping[str, int],
) -> Suggestion | None:
    """None where too little speaks for it: a category alone does, where there is no text."""
    own = [tag for tag in tags(article.category, article.causes) if tag in tagged]
    of_text = matched - sum(tagged[tag] for tag in own)
    is_cause = any(tag.startswith("cause:") for tag in own)
    if not is_cause and words.whole and of_text < words.least:
        return None
    share = min(of_text / words.whole, 1.0) if words.whole else 0.0
    is_useful = (article.solved + 1) / (article.solved + article.failed + 2)  # 0.5: not used yet
    boost = 1 + rules["solved"] / HUNDRED * (2 * is_useful - 1)
    reasons = list(_reasons(article, share, own))
    return Suggestion(article, round(score * boost), round(share, 2), reasons)


def _reasons(article: Article, share: float, own: Iterable[str]) -> Iterator[Reason]:
    for tag in own:
        name, _, key = tag.partition(":")
        zh, en = {
            "cause": ("告警原因一致", "Same cause"),
            "category": ("类别一致", "Same category"),
        }[name]
        yield Reason(f"{zh}:{key}", f"{en}: {key}")
    if share:
        yield Reason(f"内容相符 {share:.0%}", f"Has {share:.0%} of what is said")
    if article.solved:
        yield Reason(f"解决过 {article.solved} 次", f"Has solved {article.solved} cases")
    if article.failed:
        yield Reason(f"未能解决 {article.failed} 次", f"Did not help {article.failed} times")
