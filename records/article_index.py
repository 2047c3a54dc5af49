"""The terms of articles as rows: put in, taken out, made anew. What a term is: article_terms.py.

Called by tasks/learning/articles.py, and by `python -m records index`.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.orm import Session
from sqlmodel import col

from records.articles import Article, ArticleTerm, terms
from records.progress import Progress, show_nothing

IN_INDEX = ("published", "expired")  # states of articles that are found
BATCH = 2_000  # articles whose terms are sorted and written together
COPY = "COPY articleterm (term, article_id, weight) FROM STDIN"
COLUMNS = [  # what `terms` reads
    getattr(Article, name)
    for name in (
        *("id", "title", "title_en", "body", "body_en"),
        *("symptoms", "script", "category", "causes"),
    )
]
Row = tuple[int, int, int]


def put_in(session: Session, article: Article) -> None:
    _write(session.connection(), sorted(_rows(article)))


def take_out(session: Session, article: Article) -> None:
    """By its own terms: an index for this alone would be as large as all the rest."""
    mine = col(ArticleTerm.term).in_([term for term, *_ in _rows(article)])
    session.execute(delete(ArticleTerm).where(mine, col(ArticleTerm.article_id) == article.id))


def rebuild(session: Session, progress: Progress = show_nothing) -> int:
    """Make all terms anew, as after a change of article_terms.py; how many articles have some.

    One transaction: one that is stopped changes nothing, and readers see the old ones until then.
    """
    is_in = col(Article.state).in_(IN_INDEX)
    total = session.execute(select(func.count()).select_from(Article).where(is_in)).scalar_one()
    session.execute(delete(ArticleTerm))
    done, last = 0, 0
    while done < total:
        after = select(*COLUMNS).where(is_in, col(Article.id) > last).order_by(col(Article.id))
        found = session.execute(after.limit(BATCH)).all()
        if not found:
            break
        _write(session.connection(), sorted(row for each in found for row in _rows(each)))
        done, last = done + len(found), found[-1].id
        progress("Terms of articles", done, total)
    return done


def _rows(article: Any) -> Iterable[Row]:
    return [(term, article.id, weight) for term, weight in terms(article).items()]


def _write(connection: Connection, rows: list[Row]) -> None:
    """In the order of the key, where many times fewer pages are touched."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "postgresql":
        with driver.cursor() as cursor, cursor.copy(COPY) as copy:
            for row in rows:
                copy.write_row(row)
    else:
        names = ("term", "article_id", "weight")
        told = [dict(zip(names, row, strict=True)) for row in rows]
        connection.execute(insert(ArticleTerm), told)
