"""Ways a notice can leave. To add one: write a file here and give it a line in CHANNELS.

A new robot or SMS gateway needs no code: gateways.json. Who gets a notice by which channel is
decided in notifications/policy.py; trying again, in notifications/outbox.py.
"""

from notifications.channels import inbox, robot, sms, smtp, webhook
from notifications.channels.kinds import Channel

CHANNELS: dict[str, Channel] = {
    "inbox": Channel(inbox.send, inbox.is_ready, is_inside=True, address="login"),
    "smtp": Channel(smtp.send, smtp.is_ready, "BATON_SMTP", takes_files=True, address="email"),
    "sms": Channel(sms.send, sms.is_ready, "BATON_SMS", address="phone"),
    "robot": Channel(
        robot.send, robot.is_ready, "BATON_ROBOTS", has_one_end=False, languages="both"
    ),
    "webhook": Channel(
        webhook.send, webhook.is_ready, "BATON_SYSTEMS", has_one_end=False, languages="both"
    ),
}


def line_of(channel: str, to: str) -> str:
    """The far side that a notice goes to: what is dead or alive as a whole."""
    known = CHANNELS.get(channel)
    return channel if known is None or known.has_one_end else f"{channel}:{to}"
