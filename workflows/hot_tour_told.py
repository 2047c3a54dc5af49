"""What hot_tour.py tells: hops and hours of each case by either way, and the hot issue's story."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import mean
from typing import Any

from rich.console import Console
from rich.table import Table

Told = dict[str, Any]
HERE = timedelta(hours=8)  # Shanghai
ASSUMED = (
    "How long people take is assumed, and the same for both ways (workflows/colleagues.py). "
    "Who waits for whom, and how often, the diagrams make: the figures are measured from the runs."
)
console = Console()


def show(told: Told) -> None:
    _show_courses(told["courses"])
    console.print(ASSUMED, style="dim")
    _show_story(told)
    _show_surge(told["surge"], told["issue"])
    if told["plan"]:
        _show_plan(told["plan"])


def _show_courses(courses: Sequence[Told]) -> None:
    table = Table(title="The five cases, asked of all at once and passed on in a line")
    table.add_column("case", no_wrap=True)
    for way in ("at once", "in line"):
        for name in ("hops", "answer h", "reply h"):
            table.add_column(f"{way}\n{name}", justify="right")
    ways = {
        way: [one for one in courses if one["way"] == way] for way in ("consultation", "linear")
    }
    for new, old in zip(ways["consultation"], ways["linear"], strict=True):
        table.add_row(new["key"], *_figures([new]), *_figures([old]))
    table.add_section()
    table.add_row("mean", *_figures(ways["consultation"]), *_figures(ways["linear"]))
    console.print(table)


def _figures(courses: Sequence[Told]) -> list[str]:
    hours = ("accept_minutes", "reply_minutes")
    means = [mean(one[name] for one in courses) / 60 for name in hours]
    return [f"{mean(one['hops'] for one in courses):.1f}", *(f"{value:.1f}" for value in means)]


def _show_story(told: Told) -> None:
    table = Table("At", "What", "By", "Why", title=f"Hot issue: {told['issue']['title']}")
    rows = [(at, verb, by, _why(facts)) for at, verb, by, facts in told["timeline"]]
    for at, template, login in told["notices"]:
        rows.append((at, f"told: {template}", login, ""))
    for at, *cells in sorted(rows, key=lambda row: row[0]):
        table.add_row(_clock(at), *cells)
    console.print(table)


def _why(facts: Told) -> str:
    why = facts.get("why", {})
    if not why:
        return str(facts.get("plan", "") or facts.get("article", ""))
    return f"{why['rule']} {why.get('value') or why.get('volume')}, limit {why['limit']}"


def _show_surge(surge: Sequence[Told], issue: Told) -> None:
    known = [one for one in surge if one["article"]]
    asked = [one for one in surge if not one["article"]]
    table = Table("cases", "number", "hops", "reply (h)", title="Calls about it")
    for name, rows in (("asked about", asked), ("answered by the script", known)):
        if rows:
            hops, reply = (mean(one[key] or 0 for one in rows) for key in ("hops", "reply_minutes"))
            table.add_row(name, str(len(rows)), f"{hops:.1f}", f"{reply / 60:.1f}")
    console.print(table)
    console.print(f"Plan {issue['plan']}: {issue['plan_state']}; {issue['press']} from the media")


def _show_plan(run: Told) -> None:
    table = Table("key node", "limit", "done", "in time", "customer told", title=run["title"])
    began = datetime.fromisoformat(run["activated_at"] or run["proposed_at"])
    for node in run["nodes"]:
        table.add_row(node["title"], str(node["limit"]), *_done(node, began))
    console.print(table)
    score = {name: part for name, part in run["score"].items() if not isinstance(part, list)}
    console.print(f"{run['state']}, commander {run['commander']}; scored: {score}")


def _done(node: Told, began: datetime) -> list[str]:
    if not node["done_at"]:
        return ["", "", ""]
    minutes = (datetime.fromisoformat(node["done_at"]) - began).total_seconds() / 60
    return [f"{minutes:.0f}", "no" if node["is_late"] else "yes", _yes(node["customer_told"])]


def _yes(told: bool | None) -> str:
    return {True: "yes", False: "no", None: ""}[told]


def _clock(at: datetime) -> str:
    return f"{at + HERE:%m-%d %H:%M}"
