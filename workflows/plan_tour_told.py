"""What plan_tour.py tells: the timeline, who was told when, key nodes in time, score, drill."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

Told = dict[str, Any]
HERE = timedelta(hours=8)  # Shanghai
GRADES = ("AAA", "AA", "A", "std")
ABOUT = ("party", "level", "reason", "text", "number", "commander", "answer", "why")
console = Console()


def show(told: Told) -> None:
    run, circuits = told["run"], told["circuits"]
    console.print(f"{run['title']} — {circuits} circuits, ticket {told['ticket']['number']}")
    _show_fired(run["fired"])
    _show_timeline(told["timeline"])
    _show_notices(told["notices"], _at(run["proposed_at"]))
    _show_nodes(run)
    _show_score(run)
    _show_drill(told["drill"])


def _show_fired(fired: Sequence[Told]) -> None:
    for made in fired:
        rows, notes = ", ".join(map(str, made["rows"])), "; ".join(made["notes"])
        console.print(f"Table {made['table']}, row {rows}: {notes}")


def _show_timeline(moments: Sequence[Told]) -> None:
    table = Table("At", "What", "By", "About", title="What happened")
    for moment in (one for one in moments if not one["verb"].startswith("notice ")):
        facts = moment["told"]
        about = [str(facts[name]) for name in ABOUT if facts.get(name)]
        table.add_row(
            _clock(_at(moment["at"])), moment["verb"], moment["by"], "; ".join(about)[:70]
        )
    console.print(table)


def _show_notices(notices: Sequence[Told], since: datetime) -> None:
    """By what they were told, and who they are: how many, the first and the last."""
    table = Table(
        "What they were told", "Who", "How many", "First", "Last", title="Who was told when"
    )
    for (template, who), rows in sorted(_by_kind(notices).items(), key=lambda one: one[1][0]):
        table.add_row(template, who, str(len(rows)), _clock(rows[0]), _clock(rows[-1]))
    console.print(table)
    known = [row["at"] for row in notices if row["customer"] and row["template"] == "fault_known"]
    if known:
        minutes = (min(known) - since).total_seconds() / 60
        console.print(f"The first customer knew {minutes:+.1f} min from when the plan was offered")


def _by_kind(notices: Iterable[Told]) -> dict[tuple[str, str], list[datetime]]:
    found: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for row in notices:
        who = f"customers {row['grade']}" if row["customer"] else "our people"
        if row["customer"] or row["channel"] == "inbox":
            found[row["template"], who].append(row["at"])
    return found


def _show_nodes(run: Told) -> None:
    begins = _at(run["activated_at"])
    table = Table("Key node", "By", "Limit", "Done", "In time", "Customer told", title="Key nodes")
    for node in run["nodes"]:
        done = _at(node["done_at"]) if node["done_at"] else None
        minutes = f"{(done - begins).total_seconds() / 60:.0f}" if done else "–"
        in_time = "–" if done is None else "no" if node["is_late"] else "yes"
        told = "yes" if node["customer_told"] else "no"
        shown = told if node["customer_visible"] else f"({told})"
        table.add_row(node["title"], node["by"], str(node["limit"]), minutes, in_time, shown)
    console.print(table)


def _show_score(run: Told) -> None:
    score = run["score"]
    in_time, informed, restored = score["in_time"], score["informed"], score["restored"]
    table = Table("Part", "What", "Ratio", title=f"Score: {score['total']} of 100")
    table.add_row(
        "in time", f"{in_time['done']} of {in_time['of']} nodes", f"{in_time['ratio']:.0%}"
    )
    words = f"{informed['told']} of {informed['of']} nodes; {informed['time']:.0%} of the time"
    table.add_row("kept informed", words, f"{informed['ratio']:.0%}")
    minutes = f"{restored['minutes']} of {restored['limit']} minutes"
    table.add_row("restored", minutes, f"{restored['ratio']:.0%}")
    console.print(table)


def _show_drill(drill: Told) -> None:
    """In minutes from the activation."""
    table = Table("Key node", "Limit", "Drill", "Real", title="Drill and reality")
    for node in drill["review"]["comparison"]["nodes"]:
        minutes = ["–" if node[key] is None else f"{node[key]:.0f}" for key in ("this", "real")]
        table.add_row(node["title"], str(node["limit"]), *minutes)
    console.print(table)
    score = drill["score"]
    console.print(f"The drill: {score['total']} of 100, in time {score['in_time']['ratio']:.0%}")


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _clock(at: datetime) -> str:
    return f"{at + HERE:%m-%d %H:%M:%S}"
