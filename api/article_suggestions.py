"""JSON: what may help with a case, while somebody types: articles, and scripts that open on it."""

from pydantic import BaseModel, Field

from api.articles import ArticleShown, show_article
from api.deps import Given, Turn, allow, make_router
from tasks.learning import article_search, case_scripts

router = make_router("articles")


class ReasonShown(BaseModel):
    zh: str
    en: str


class Suggested(BaseModel):
    article: ArticleShown
    share: float = Field(description="How much of the text it has, from 0 to 1")
    reasons: list[ReasonShown]


class ScriptShown(BaseModel):
    """预处理方案: opens on this case, because a push of it matches."""

    push_id: int
    article_id: int
    title: str
    title_en: str
    steps: list[str]
    matched: list[str]


class Suggestions(BaseModel):
    items: list[Suggested]
    scripts: list[ScriptShown]


class Typed(Given):
    """In a body and not in the address, which is logged: customers' words are theirs."""

    text: str = Field("", max_length=10_000)
    category: str = Field("", max_length=100)
    cause: str = Field("", max_length=100, description="Of an alarm")
    limit: int = Field(5, ge=1, le=20)


@router.post("/suggestions")
def suggest(given: Typed, turn: Turn = allow("articles:read", readonly=True)) -> Suggestions:
    """While somebody types: articles that may help, and the scripts that open on such a case."""
    case = {"category": given.category, "cause": given.cause}
    found = article_search.suggest(turn.session, given.text, **case, limit=given.limit)
    scripts = case_scripts.scripts_for(turn.session, given.text, **case, now=turn.now)
    return Suggestions(
        items=[
            Suggested(
                article=show_article(each.article, each.score),
                share=each.share,
                reasons=[ReasonShown(**vars(reason)) for reason in each.reasons],
            )
            for each in found
        ],
        scripts=[ScriptShown(**vars(each)) for each in scripts],
    )
