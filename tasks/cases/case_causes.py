"""Why a case came about: a tree of causes, each some party's. Kept when it is closed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from records import Case, CaseCause
from tasks.cases import case_policy
from tasks.cases.case_states import record
from tasks.refusals import wrong
from tasks.texts import check_texts, require_words

MOST = 30
LONGEST = {"text": 2_000, "evidence": 10_000}
Told = Mapping[str, Any]


def keep(
    session: Session, case: Case, told: Sequence[Told], *, by: str, now: datetime
) -> list[CaseCause]:
    """`told`: party, text, share, evidence; `under`: the number, from 1 on, of an earlier one that
    it was the cause of. The shares of those under one cause are 100 at most."""
    _check(session, told)
    rows: list[CaseCause] = []
    for each in told:
        under = each.get("under") or 0
        row = CaseCause(
            case_id=case.id, parent_id=rows[under - 1].id if under else None,
            party=each["party"], text=each["text"], share=each.get("share", 0),
            evidence=each.get("evidence", ""), by=by, at=now,
        )  # fmt: skip
        session.add(row)
        session.flush()
        rows.append(row)
    record(session, "causes found", case, by, now, causes=[dict(each) for each in told])
    return rows


def of_case(session: Session, case: Case) -> list[CaseCause]:
    rows = select(CaseCause).where(CaseCause.case_id == case.id)
    return list(session.exec(rows.order_by(col(CaseCause.id))))


def parties_of(session: Session, case: Case) -> set[str]:
    return {row.party for row in of_case(session, case)}


def _check(session: Session, told: Sequence[Told]) -> None:
    if not 0 < len(told) <= MOST:
        raise wrong("causes", f"请写 1 至 {MOST} 个原因", f"There are 1 to {MOST} causes")
    sums: dict[int, int] = {}
    for number, each in enumerate(told, 1):
        require_words(each, "text")
        check_texts(each, LONGEST)
        case_policy.require_known(session, "parties", "causes", each["party"])
        under = each.get("under") or 0
        if not 0 <= under < number:
            raise wrong("causes", "上级原因应写在前面", "A cause comes after the one it is under")
        sums[under] = sums.get(under, 0) + each.get("share", 0)
    if max(sums.values()) > 100:
        raise wrong("causes", "同一级的占比合计超过 100%", "Shares side by side are 100 at most")
