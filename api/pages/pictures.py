"""How a diagram is drawn on a page: as SVG, with what is done, what stands open and what failed.

Called by the pages of runs; where things stand: bpmn/pictures.py. Text in SVG has no lines of its
own, so names are broken here.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from sqlmodel import Session

from api.pages.languages import of_title
from bpmn import library, pictures
from bpmn.pasts import Past
from bpmn.pictures import Box, Picture, Shape
from records import Run, Version

SIZE = 12.0  # of a letter; a Chinese one is as wide
NARROW = 0.56  # of it, how wide another one is
WIDE = "WF"
MOST_LINES = 4


def draw_run(session: Session, run: Run, past: Past, language: str) -> dict[str, Any] | None:
    """None where its version was never drawn."""
    bundle = library.unpack(session.get_one(Version, run.version_id).bundle)
    picture = pictures.draw(bundle, run.diagram_key)
    return picture and paint(picture, _marks(past), past.done, language)


def paint(
    picture: Picture, marks: Mapping[str, str], counts: Mapping[str, int], language: str
) -> dict[str, Any]:
    """`marks`: by element, done, now or failed."""
    lines = [
        {"points": one.points, "words": of_title(language, one.name), "label": one.label}
        for one in picture.lines
    ]
    return {
        "view": picture.view,
        "lines": lines,
        "shapes": [
            {
                "of": one,
                "mark": marks.get(one.id, ""),
                "count": counts.get(one.id, 0),
                "name": of_title(language, one.name),
                "words": list(_words(one, language)),
            }
            for one in picture.shapes
        ],
    }


def _marks(past: Past) -> dict[str, str]:
    return {
        **dict.fromkeys(past.done, "done"),
        **dict.fromkeys(past.waiting, "now"),
        **dict.fromkeys(past.failed, "failed"),
    }


def _words(one: Shape, language: str) -> Iterator[tuple[float, float, str]]:
    """Lines of the name: where each is centred, and what it says."""
    inside = one.form == "box"
    place = one.box if inside else one.label or _below(one.box)
    lines = break_lines(of_title(language, one.name), place.width)[:MOST_LINES]
    middle = place.y + place.height / 2 - (len(lines) - 1) * SIZE * 0.6 + SIZE * 0.35
    top = middle if inside else place.y + SIZE * 0.9
    for n, line in enumerate(lines):
        yield round(place.x + place.width / 2, 1), round(top + n * SIZE * 1.2, 1), line


def break_lines(text: str, width: float) -> list[str]:
    """At blanks, or between Chinese characters; no line is wider than `width` if it can be."""
    lines, line, taken = [], "", 0.0
    for piece in _pieces(text):
        wide = sum(_wide(letter) for letter in piece)
        if line and taken + wide > width:
            lines.append(line.rstrip())
            line, taken, piece = "", 0.0, piece.lstrip()
        line, taken = line + piece, taken + wide
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> Iterator[str]:
    """What stays together: a word with the blank before it, or one Chinese character."""
    piece = ""
    for letter in text:
        if letter.isspace() or unicodedata.east_asian_width(letter) in WIDE:
            yield piece
            piece = letter
        else:
            piece += letter
    yield piece


def _wide(letter: str) -> float:
    return SIZE if unicodedata.east_asian_width(letter) in WIDE else SIZE * NARROW


def _below(box: Box) -> Box:
    return Box(box.x + box.width / 2 - 55, box.y + box.height + 2, 110, 28)
