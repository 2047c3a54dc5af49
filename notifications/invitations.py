"""Invitations to a calendar (RFC 5545, RFC 5546): of a visit, its update, its end.

A notice whose facts have an “invitation” takes one along where its channel can (smtp.py): uid,
sequence, method (REQUEST, CANCEL), starts_at, ends_at, place. Its words are the notice's own, so
whatever kept a name out of them keeps it out of here. The doors hand out the same file.
"""

import os
from collections.abc import Mapping
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from icalendar import Calendar, Event, vCalAddress, vText

FACT = "invitation"
NOBODY = "baton@baton.invalid"  # where BATON_MAIL_FROM is not set
Told = Mapping[str, Any]


def write(told: Told, *, title: str, text: str, to: str, at: datetime) -> bytes:
    """The file. The same uid with a higher sequence replaces what a calendar has; `at`: when this
    was said."""
    name, sender = parseaddr(os.environ.get("BATON_MAIL_FROM", ""))
    sender = sender or NOBODY
    calendar, event, is_off = Calendar(), Event(), told["method"] == "CANCEL"
    calendar.add("prodid", "-//Baton//Visits//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", told["method"])
    event.add("uid", f"{told['uid']}@{sender.rpartition('@')[2]}")
    event.add("sequence", told["sequence"])
    event.add("dtstamp", at)
    event.add("dtstart", datetime.fromisoformat(told["starts_at"]))
    event.add("dtend", datetime.fromisoformat(told["ends_at"]))
    event.add("summary", title)
    event.add("description", text)
    event.add("location", told["place"])
    event.add("status", "CANCELLED" if is_off else "CONFIRMED")
    event.add("organizer", _who(sender, name))
    attendee = _who(to)
    attendee.params["role"] = vText("REQ-PARTICIPANT")
    if not is_off:
        attendee.params["partstat"], attendee.params["rsvp"] = vText("NEEDS-ACTION"), vText("TRUE")
    event.add("attendee", attendee)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _who(address: str, name: str = "") -> vCalAddress:
    who = vCalAddress(f"mailto:{address}")
    if name:
        who.params["cn"] = vText(name)
    return who
