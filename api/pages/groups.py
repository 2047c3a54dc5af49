"""Groups as pages: who is in which, and putting somebody in or taking them out."""

from starlette.responses import Response

from api import groups as group_routes
from api.deps import Turn, allow
from api.pages.pages import again_by, first, go, make_pages, show, typed
from tasks.access import groups
from tasks.access.people import find_person

router = make_pages()
PLACE = "/administration/groups"


@router.get(PLACE)
def list_groups(turn: Turn = allow("people:read")) -> Response:
    return show(turn, "groups/list.html", groups=group_routes.index(turn=turn))


@router.get(f"{PLACE}/{{key}}")
def show_group(key: str, turn: Turn = allow("people:read")) -> Response:
    return show(turn, "groups/show.html", group=group_routes.show(key, turn=turn))


@router.post(f"{PLACE}/{{key}}/members")
@again_by(show_group)
def staff(key: str, turn: Turn = allow("groups:staff", raw=True)) -> Response:
    """Put in, or taken out where that button was pressed."""
    told = typed(turn)
    group = groups.find_group(turn.session, key)
    person = find_person(turn.session, first(told, "login"))
    do = groups.take_from if "out" in told else groups.put_in
    do(turn.session, group, person, by=turn.person, now=turn.now)
    return go(f"{PLACE}/{key}")
