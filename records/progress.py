"""How far something has come: a bar on a terminal, a line for each finished stage elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

Progress = Callable[[str, int, int], None]  # stage, done so far, in all


def show_nothing(stage: str, done: int, total: int) -> None:
    """For callers who need not see it."""


@contextmanager
def show_progress(console: Console | None = None) -> Iterator[Progress]:
    """On standard error, unless told otherwise."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield lambda stage, done, total: _print_finished(console, stage, done, total)
    else:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Bars(*columns, TimeElapsedColumn(), console=console) as bars:
            yield _move_bars(bars)


def _print_finished(console: Console, stage: str, done: int, total: int) -> None:
    if done == total:
        count = f": {total:,}" if total > 1 else ""
        console.print(f"{stage}{count} done.", highlight=False, soft_wrap=True)


def _move_bars(bars: Bars) -> Progress:
    """One bar for each stage, from its first report on."""
    shown: dict[str, int] = {}

    def move(stage: str, done: int, total: int) -> None:
        if stage not in shown:
            shown[stage] = bars.add_task(stage)
        bars.update(shown[stage], completed=done, total=total)  # type: ignore[arg-type]

    return move
