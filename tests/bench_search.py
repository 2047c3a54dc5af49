"""Row "search": finding among 20,000 articles, and suggesting while somebody types, against a plain
page of the same list by an index. All over HTTP, twenty articles a page.

The articles are made of words that follow Zipf's law, as in any language: 390 characters each, the
commonest word in nearly all of them. Half of what is asked for is rare, half as common as can be.
"""

import json
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate
from urllib.parse import urlencode

from sqlalchemy import Engine, insert

from records import Article, Person, article_index
from records.database import connect, open_session
from records.progress import Progress
from tasks.access import sign_ins
from tests.bench_databases import Place, settle
from tests.bench_rows import Figure, Times
from tests.bench_servers import Client, serve_ours, served

ARTICLES, PAGE, BATCH = 20_000, 20, 1_000
WARM, TIMES = 3, 25
GOAL = 4.0  # × the plain page, by judgement: 20 ms where the page takes 5
Request = tuple[str, str, bytes]  # method, path, body
CHINESE = (
    "光缆|中断|告警|电路|专线|传输|接入|路由|交换机|光功率|衰减|误码|丢包|时延|端口|单板|倒换|保护"
    "|割接|巡检|客户|机房|电源|电池|空调|接地|尾纤|熔接|测试|回单|派单|投诉|话单|计费|流量|套餐|资费"
)
ENGLISH = "circuit|fibre|alarm|signal|power|router|switch|port|cutover|customer|battery|wlan"
PLAIN = f"/api/articles?category=billing&limit={PAGE}"
ASKED = {  # what is looked for
    "two rare words": "投诉 话单",
    "the commonest word": "光缆",
    "Chinese and English": "光缆 battery",
    "a rare English word": "w700",
}
TYPED = {  # a text, and the cause of an alarm
    "half a word": ("光缆中断,客户的 swi", ""),
    "a sentence": ("客户反映专线中断,光功率衰减,路由器端口有告警,机房电源正常,请尽快派单", ""),
    "a sentence and an alarm": ("客户反映专线中断,机房电源正常", "LOS"),
    "a long story": ("客户说今天早上开始电话打不通,投诉了三次,话单还多了一条,流量也不对。" * 6, ""),
}


def measure(place: Place, show: Progress) -> list[Figure]:
    url = place.make("search")
    secret = fill(url, show)
    settle(url)
    searches = {what: ("GET", _search(text), b"") for what, text in ASKED.items()}
    typed = {what: ("POST", *_typed(*case)) for what, case in TYPED.items()}
    with served(serve_ours, url, secret=secret) as client:
        return [
            _compare(client, place, f"search {ARTICLES:,} articles", searches, show),
            _compare(client, place, "suggestions while typing", typed, show),
        ]


def fill(url: str, show: Progress) -> str:
    """The articles and what they are found by; the secret of Dora's cookie."""
    engine, now = connect(url), datetime.now(UTC)
    dice = random.Random(20260311)
    for first in range(0, ARTICLES, BATCH):
        with open_session(engine) as session:
            rows = [_article(dice, now) for _ in range(first, first + BATCH)]
            session.execute(insert(Article), rows)
        show("writing articles", first + BATCH, ARTICLES)
    secret = _sign_in(engine, now)
    with open_session(engine) as session:
        article_index.rebuild(session, show)
    engine.dispose()
    return secret


def _sign_in(engine: Engine, now: datetime) -> str:
    with open_session(engine) as session:
        dora = Person(login="dora", name="Dora", roles=["dispatcher"], created_at=now)
        session.add(dora)
        session.flush()
        return sign_ins.sign_in(session, dora, now=now)


def _article(dice: random.Random, now: datetime) -> dict[str, object]:
    return {
        "kind": dice.choice(("offer", "terminal", "fault")),
        "category": dice.choice(("network", "billing", "access", "wlan")),
        "state": "published",
        "title": _text(dice, 6),
        "body": _text(dice, 110),
        "causes": ["LOS"] if dice.random() < 0.05 else [],
        "owner": "dora",
        "number": 1,
        "created_by": "dora",
        "created_at": now,
    }


def _words() -> Iterator[str]:
    yield from CHINESE.split("|")
    dice = random.Random(7)
    signs = [chr(0x4E00 + dice.randrange(6_000)) for _ in range(1_200)]
    for _ in range(3_000):
        usual = signs[: int(len(signs) * dice.random() ** 2) + 2]
        yield "".join(dice.choice(usual) for _ in range(dice.choice((2, 2, 2, 3, 4))))


WORDS = list(_words())
OTHERS = [*ENGLISH.split("|"), *(f"w{n}" for n in range(800))]
WEIGHTS, OTHER_WEIGHTS = (
    list(accumulate(1 / (n + 2) ** 0.8 for n in range(len(words)))) for words in (WORDS, OTHERS)
)


def _text(dice: random.Random, words: int) -> str:
    parts = []
    for word in dice.choices(WORDS, cum_weights=WEIGHTS, k=words):
        parts.append(word)
        if dice.random() < 0.12:
            parts.append(dice.choice(",。;"))
        if dice.random() < 0.15:
            parts.append(f" {dice.choices(OTHERS, cum_weights=OTHER_WEIGHTS)[0]} ")
    return "".join(parts)


def _search(text: str) -> str:
    return "/api/articles?" + urlencode({"q": text, "limit": PAGE})


def _typed(text: str, cause: str) -> tuple[str, bytes]:
    told = {"text": text, "cause": cause, "limit": 5}
    return "/api/articles/suggestions", json.dumps(told).encode()


def _compare(
    client: Client, place: Place, row: str, cases: dict[str, Request], show: Progress
) -> Figure:
    """In turns with the plain page, so that whatever else the machine does slows both."""
    times = Times("this", "the page")
    for turn in range(WARM + TIMES):
        for what, request in cases.items():
            ours, page = _took(client, *request), _took(client, "GET", PLAIN, b"")
            if turn >= WARM:
                times.add(what, ours, page)
        show(row, turn + 1, WARM + TIMES)
    return Figure(f"{row}, × a plain page", place.name, times.ratio(), GOAL, times.details())


def _took(client: Client, method: str, path: str, body: bytes) -> float:
    began = time.perf_counter()
    assert client.ask(method, path, body)["items"]
    return time.perf_counter() - began
