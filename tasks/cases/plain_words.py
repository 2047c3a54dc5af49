"""Whether a customer can know the words that they are told. Asked before a reply counts."""

import re

from sqlmodel import Session

from tasks.cases import case_policy


def find_jargon(session: Session, text: str) -> list[str]:
    """Each with what to say instead: "GGSN: 流量计费网关". One that is explained in brackets
    where it stands is welcome."""
    known = case_policy.content(session)["jargon"]
    return [f"{word}: {plain}" for word, plain in known.items() if _is_bare(word, text)]


def _is_bare(word: str, text: str) -> bool:
    """Latin letters count as a whole word only: APN is not in JAPN."""
    edge = r"(?<![A-Za-z])", r"(?![A-Za-z])"
    pattern = f"{edge[0]}{re.escape(word)}{edge[1]}(?!\\s{{0,3}}[((])"
    return re.search(pattern, text, re.IGNORECASE) is not None
