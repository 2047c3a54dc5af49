"""What pages are drawn with: templates, the words in the viewer's language, times in their zone."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.pages.languages import LANGUAGES, of_title, one_of, translate
from api.problems import language_of
from tasks.access.people import permissions_of
from tasks.sla import durations
from tasks.states import STATES

ROOM = Path(__file__).parent.parent
STATIC = ROOM / "static"
ZONE = ZoneInfo("Asia/Shanghai")
THEMES = ("light", "dark")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
}
MENU = (  # path, words, permission, key
    ("/work-orders", "Work orders", "work-orders:read", "w"),
    ("/tickets", "Tickets", "tickets:read", "t"),
    ("/alarm-groups", "Alarm groups", "alarms:read", "a"),
    ("/reports", "Reports", "reports:read", "r"),
    ("/diagrams", "Diagrams", "diagrams:read", "d"),
    ("/runs", "Runs", "history:read", "u"),
    ("/history", "History", "history:read", "h"),
    ("/administration", "Administration", "history:read", "m"),
)
_drawer = Environment(
    loader=FileSystemLoader(ROOM / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def draw(
    request: Request, template: str, facts: Mapping[str, Any], *, status: int = 200
) -> HTMLResponse:
    language = spoken(request)
    told = {**_surroundings(request, language), **facts}
    page = _drawer.get_template(template).render(told)
    headers = HEADERS | {"Content-Language": language}
    return HTMLResponse(page, status, headers)


def spoken(request: Request) -> str:
    """The cookie says it where the viewer chose; else their own, else their browser's."""
    chosen = request.cookies.get("language")
    return chosen if chosen in LANGUAGES else language_of(request)


def _surroundings(request: Request, language: str) -> dict[str, Any]:
    person = getattr(request.state, "person", None)
    theme = request.cookies.get("theme")
    allowed = permissions_of(person) if person else set()
    return {
        "language": language,
        "theme": theme if theme in THEMES else "",
        "island": "",  # of the page, where it has one
        "path": request.url.path,
        "here": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "sought": request.query_params.get("q", "") if request.url.path == "/search" else "",
        "person": person,
        "may": allowed.__contains__,
        "menu": [one for one in MENU if one[2] in allowed],
        "now": request.app.state.clock(),
        "asset": _asset,
        "part": _parts().get,
        "_": lambda words, **told: translate(language, words).format(**told),
        "named": lambda pair: one_of(language, *pair),
        "title_of": lambda title: of_title(language, title),
        "state_of": lambda state: one_of(language, STATES[state].zh, STATES[state].en),
        "lasting": getattr(durations, f"in_{language}"),
    }


def moment(at: datetime) -> str:
    """03-11 10:14, in the viewer's zone."""
    return f"{at.astimezone(ZONE):%m-%d %H:%M}"


def day(at: datetime) -> str:
    """2026-03-11, in the viewer's zone, as an address and a form have it."""
    return f"{at.astimezone(ZONE):%Y-%m-%d}"


def _typed_moment(at: datetime) -> str:
    """As a field of a form has it."""
    return f"{at.astimezone(ZONE):%Y-%m-%dT%H:%M:%S}"


def _json(value: Any) -> str:
    """To be read by people: what stands in it is escaped by the template."""
    is_deep = isinstance(value, dict | list)
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 if is_deep else 0, default=str).decode()


def _day_before(at: datetime) -> str:
    """The last day of a time that ends here."""
    return day(at - timedelta(microseconds=1))


def _asset(name: str) -> str:
    """Its address, with a mark that changes when it does."""
    return f"/static/{name}?{_marks[name]}"


def _parts() -> dict[str, Any]:
    """The islands that were built (islands/hatch_build.py), and which files they are."""
    file = STATIC / "built" / "parts.json"
    return orjson.loads(file.read_bytes()) if file.exists() else {}


class _Marks(dict[str, str]):
    def __missing__(self, name: str) -> str:
        self[name] = sha256((STATIC / name).read_bytes()).hexdigest()[:10]
        return self[name]


_marks = _Marks()
_drawer.filters |= {"moment": moment, "day": day, "day_before": _day_before}
_drawer.filters |= {"typed_moment": _typed_moment, "json": _json}
_drawer.filters["iso"] = datetime.isoformat
