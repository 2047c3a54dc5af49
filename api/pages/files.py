"""Files on work orders, as a form sends them; without script too. As JSON: api/remarks.py."""

import re
from email.message import Message

from starlette.responses import Response

from api.deps import Id, Turn, allow
from api.pages.pages import again_by, go, make_pages
from api.pages.work_orders import show_order
from api.work_orders import take
from tasks import remarks
from tasks.refusals import wrong

router = make_pages()
HEADER = re.compile(rb'filename="([^"\r\n]*)"')
KIND = re.compile(rb"content-type: *([^\r\n;]+)", re.IGNORECASE)


@router.post("/work-orders/{id}/files")
@again_by(show_order)
def attach(id: Id, turn: Turn = allow("work-orders:advance", raw=True)) -> Response:
    name, media_type, content = read_file(turn.request.headers.get("content-type", ""), turn.body)
    remarks.attach(
        turn.session,
        take(turn, id),
        name=name,
        media_type=media_type,
        content=content,
        by=turn.person,
        now=turn.now,
    )
    return go(f"/work-orders/{id}#files")


def read_file(content_type: str, body: bytes) -> tuple[str, str, bytes]:
    """Name, media type and bytes of the first file in a multipart/form-data body (RFC 7578)."""
    about = Message()
    about["content-type"] = content_type
    mark = about.get_boundary("")
    for part in body.split(b"--" + mark.encode("latin-1", "replace"))[1:] if mark else []:
        head, _, content = part.partition(b"\r\n\r\n")
        named = HEADER.search(head)
        if named and named[1]:
            kind = KIND.search(head)
            name = named[1].decode("utf-8", "replace").rpartition("\\")[2]
            return name, kind[1].decode("latin-1") if kind else "", content.removesuffix(b"\r\n")
    raise wrong("file", "请选择文件", "choose a file")
