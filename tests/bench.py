"""`make bench`: how fast Baton is, each figure a ratio within one run. The goals: DESIGN §9.

`--database` and `--row` narrow it. Writes a table here, and bench.json under BATON_HOME (var/).
"""

import argparse
import json
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from records.database import home
from records.progress import Progress, show_progress
from tests import (
    bench_age,
    bench_alarms,
    bench_clocks,
    bench_completion,
    bench_crowd,
    bench_search,
    bench_storm,
    bench_worklist,
)
from tests.bench_databases import Place, place
from tests.bench_rows import Figure

ROWS: dict[str, Callable[[Place, Progress], list[Figure]]] = {
    "1": bench_completion.measure,
    "2": bench_age.measure,
    "3": bench_crowd.measure,
    "4": bench_clocks.measure,
    "5": bench_alarms.measure,
    "5-storm": bench_storm.measure,
    "worklist": bench_worklist.measure,
    "search": bench_search.measure,
}
KINDS = ("sqlite", "postgresql")


def main() -> None:
    chosen = _read()
    figures: list[Figure] = []
    with show_progress() as show:
        for kind in chosen.database or KINDS:
            for row in chosen.row or ROWS:
                with place(kind) as where:
                    figures += ROWS[row](where, _named(show, f"{kind}, row {row}: "))
    _print(figures)
    _keep(figures)


def _named(show: Progress, name: str) -> Progress:
    return lambda stage, done, total: show(name + stage, done, total)


def _print(figures: list[Figure]) -> None:
    console = Console()
    table = Table("what", "database", "value", "goal", "met")
    for figure in figures:
        met = "yes" if figure.met else "NO"
        table.add_row(figure.row, figure.database, f"{figure.value:,.2f}", f"{figure.goal:,g}", met)
        if figure.details:
            console.print(f"{figure.row} ({figure.database})", *figure.details, sep="\n  ")
    console.print(table)


def _keep(figures: list[Figure]) -> None:
    names = ("row", "database", "value", "goal", "met")
    told = [{name: getattr(figure, name) for name in names} for figure in figures]
    (home() / "bench.json").write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def _read() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--database", action="append", choices=KINDS)
    parser.add_argument("--row", action="append", choices=list(ROWS))
    return parser.parse_args()


if __name__ == "__main__":
    main()
