"""Short messages, by a gateway that speaks HTTP. BATON_SMS says which:

{"gateway": "sms", "url": "https://…", "user": "baton", "secret": "…"}. `to` is a phone number.
What each gateway wants to hear: gateways.json.
"""

import re

from notifications.channels import gateways, http
from notifications.refusals import NotSent

NUMBER = re.compile(r"\+?\d[\d -]{2,20}")


def send(key: str, to: str, title: str, text: str) -> None:
    settings = http.settings("BATON_SMS")
    if not settings:
        raise NotSent("No gateway for SMS: set BATON_SMS", is_final=True)
    if not NUMBER.fullmatch(to):
        raise NotSent(f"“{to}” is no phone number", is_final=True)
    message = {"key": key, "to": re.sub("[ -]", "", to), "title": title, "text": text}
    gateways.send("the SMS gateway", settings, message)


def is_ready() -> bool:
    return http.has_settings("BATON_SMS")
