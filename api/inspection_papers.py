"""The report of an inspection as a PDF. Called by inspections.py; as a page it is a template.

Chinese is set in a font that PDF viewers bring (STSong-Light, ISO 32000-1 §9.7.5.2), unless
BATON_FONT names a TrueType file, which is then embedded: archives may want that.
"""

import os
from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from api.pages.languages import translate
from api.pages.paper import day, moment

Facts = Mapping[str, Any]
VIEWERS = "STSong-Light"
HEADS = ("Item", "Measured", "Recorded", "Last time", "Verdict")
COLOURS = {"bad": "#fbdcdc", "worse": "#fdf3d0", "wrong": "#fdf3d0"}
WIDTHS = (150, 90, 110, 60, 75)  # points; A4 has 595


def write(report: Facts, language: str) -> bytes:
    """`report`: inspection_reports.report_of."""
    from reportlab.lib.pagesizes import A4  # takes a second, and few ask for one
    from reportlab.platypus import SimpleDocTemplate

    file = BytesIO()
    title = f"{translate(language, 'Inspection report')} {report['number']}"
    paper = SimpleDocTemplate(file, pagesize=A4, title=title, author="Baton", invariant=1)
    paper.build(list(_parts(report, language)))
    return file.getvalue()


def _parts(report: Facts, language: str) -> Iterator[Any]:
    from reportlab.platypus import Spacer

    def say(words: str) -> str:
        return translate(language, words)

    yield _text(f"{say('Inspection report')} {report['number']}", 18)
    yield Spacer(1, 8)
    place = f"{report['place']} ({report['room'][language]})"
    at = f"{day(report['at'])} {moment(report['at'])[6:]}, {report['by']}"
    rows = (("Customer", report["customer"]), ("Room", place), ("Inspected", at))
    for words, told in rows:
        yield _text(f"{say(words)}: {told}")
    yield _text(report["summary"] or " ")
    yield _text(say("What was measured"), 13)
    yield _table(report["lines"], language)
    yield _text(say("What was found"), 13)
    for each in report["findings"]:
        yield _text(_finding(each, language))
    if not report["findings"]:
        yield _text(say("Nothing is amiss."))
    yield Spacer(1, 24)
    signature = report["signature"]
    signed = f"{signature['signed_by']}, {day(report['signed_at'])} {signature.get('words', '')}"
    yield _text(f"{say('Signed by')}: {signed}")


def _table(lines: list[Facts], language: str) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import Table

    rows = [[_text(translate(language, head), 9) for head in HEADS]]
    for line in lines:
        cells: tuple[str, ...] = (
            f"{line[language]} {line['object']}",
            f"{line['value']} {line['unit']}",
        )
        cells += (line["recorded"], line["last"], line[f"verdict_{language}"])
        rows.append([_text(cell, 9) for cell in cells])
    style: list[tuple[Any, ...]] = [("GRID", (0, 0), (-1, -1), 0.5, HexColor("#bbbbbb"))]
    style += [
        ("BACKGROUND", (0, n), (-1, n), HexColor(COLOURS[line["verdict"]]))
        for n, line in enumerate(lines, 1)
        if line["verdict"] in COLOURS
    ]
    return Table(rows, colWidths=WIDTHS, repeatRows=1, style=style)


def _finding(each: Facts, language: str) -> str:
    zh, _, en = each["what"].partition(" / ")
    told = [each[f"{name}_{language}"] for name in ("nature", "severity", "state")]
    return f"• {zh if language == 'zh' else en or zh} {each['object']}: {', '.join(told)}"


def _text(words: str, size: int = 10) -> Any:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    told = {"fontName": _font(), "fontSize": size, "leading": size * 1.5, "wordWrap": "CJK"}
    space = 6 if size > 10 else 0
    return Paragraph(escape(words), ParagraphStyle("text", spaceBefore=space, **told))


@cache
def _font() -> str:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.ttfonts import TTFont

    file = os.environ.get("BATON_FONT", "")
    pdfmetrics.registerFont(TTFont("own", file) if file else UnicodeCIDFont(VIEWERS))
    return "own" if file else VIEWERS
