"""What the list tells of a batch: what was done, who refused and why, whether it can be undone."""

from typing import Any

from api.deps import Turn
from records import Batch
from tasks import batches


def read(turn: Turn, id: int | None) -> dict[str, Any] | None:
    """None where there is no such batch: the list is shown all the same."""
    batch = turn.session.get(Batch, id) if id else None
    if batch is None:
        return None
    results = batch.undone if batch.undone_at else batch.results
    return {
        "row": batch,
        "names": batches.NAMES[batch.verb],
        "done": [one for one in results if one["is_done"]],
        "refused": [one for one in results if not one["is_done"]],
        "can_undo": batches.can_undo(batch, turn.person, turn.now),
        "undo_until": batch.at + batches.UNDO_WITHIN,
    }
