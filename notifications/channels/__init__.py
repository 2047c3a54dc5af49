"""Ways a notice can leave. To add one: write a file here and give it a line in CHANNELS.

A channel is a function (key, to, subject, text) that returns when the far side has taken the notice
and raises NotSent otherwise. It may be called twice with one key: the far side drops the second.
"""

from collections.abc import Callable

from notifications.channels import inbox, webhook

CHANNELS: dict[str, Callable[[str, str, str, str], None]] = {
    "inbox": inbox.send,
    "webhook": webhook.send,
}
