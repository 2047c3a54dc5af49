"""What the policy "cases" says: channels, parties, jargon. Asked by the verbs of cases."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlmodel import Session

from tasks import policies
from tasks.learning import knowledge
from tasks.refusals import wrong

Map = Mapping[str, Any]


def content(session: Session) -> Map:
    """The policy, as it holds now."""
    return policies.current(session, "cases").content


def require_known(session: Session, part: str, field: str, key: str) -> Map:
    """What the policy has under `key` of "channels" or "parties"."""
    known: Map = content(session)[part]
    if key not in known:
        some = ", ".join(known)
        raise wrong(field, f"没有“{key}”,可用:{some}", f"There is no “{key}”: there are {some}")
    return known[key]  # type: ignore[no-any-return]


def is_press(session: Session, channel: str) -> bool:
    """From the media or a regulator: it never waits in a queue."""
    return bool(content(session)["channels"].get(channel, {}).get("is_press"))


def skills_of(session: Session, parties: Iterable[str], category: str) -> dict[str, list[str]]:
    """What whoever is asked has to know, by party; of a case with none, by its category."""
    known = content(session)["parties"]
    found = {party: list(known.get(party, {}).get("skills", ())) for party in parties}
    told = knowledge.content(session)["categories"].get(category, {})
    return {party: skills for party, skills in found.items() if skills} or {
        category: list(told.get("skills", ()))
    }
