"""Tables that say which customers are told, and by when: a word that means nobody is refused.

A table is one of these by its outputs `notice` and `notice_minutes`. What they may say is known to
tasks/faults/notice_choice.py.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bpmn.dmn import DecisionTable
from bpmn.findings import Finding
from tasks.faults.notice_choice import ALL, LONGEST, NONE, WORDS, words_of

OUTPUTS = ("notice", "notice_minutes")


def choices(tables: Mapping[str, DecisionTable]) -> Iterator[Finding]:
    for table in tables.values():
        names = [column.name for column in table.outputs]
        for number, row in enumerate(table.rows if {*names} >= {*OUTPUTS} else (), 1):
            cells = dict(zip(names, row.outputs, strict=True))
            told, minutes = (cells[name] for name in OUTPUTS)
            if told.expression is None and not _is_choice(told.literal):
                yield _wrong_words(table, row.element, number, told.text)
            if minutes.expression is None and not _is_time(minutes.literal):
                yield _wrong_time(table, row.element, number, minutes.text)


def _is_choice(told: Any) -> bool:
    """all or none, or grades."""
    words = words_of(told) if isinstance(told, str) else []
    return words in ([ALL], [NONE]) or (bool(words) and {*words} <= {*WORDS} - {ALL, NONE})


def _is_time(minutes: Any) -> bool:
    is_number = isinstance(minutes, int) and not isinstance(minutes, bool)
    return is_number and 0 <= minutes <= LONGEST


def _wrong_words(table: DecisionTable, element: str, number: int, text: str) -> Finding:
    some, told = ", ".join(f'"{word}"' for word in WORDS), text or "-"
    zh = f'第 {number} 行的 notice 为 {told},不知道告知谁。可用:{some};多个等级写作 "AAA, AA"。'
    en = f"Row {number}: notice is {told}, which means nobody. Use one of {some}"
    en += '; several grades as "AAA, AA".'
    return Finding("error", "unknown-notice", element, table.name, zh, en)


def _wrong_time(table: DecisionTable, element: str, number: int, text: str) -> Finding:
    zh = f"第 {number} 行的 notice_minutes 为 {text or '空'},应为 0(不限)至 {LONGEST} 分钟。"
    en = f"Row {number}: notice_minutes is {text or 'empty'}; it is 0 (any time) to {LONGEST}."
    return Finding("error", "bad-notice-time", element, table.name, zh, en)
