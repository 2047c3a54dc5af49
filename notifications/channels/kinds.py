"""What a channel is. The channels themselves: the other files here."""

from collections.abc import Callable
from dataclasses import dataclass

Send = Callable[..., None]


@dataclass(frozen=True)
class Channel:
    """One way a notice can leave.

    `send(key, to, title, text)` returns when the far side has taken the notice, and raises NotSent
    otherwise. It may be called twice with one key: the far side can tell by the key. One that
    `takes_files` may get an `invitation`, too: the method, and the bytes of a calendar's file.
    """

    send: Send
    is_ready: Callable[[], bool]  # is it set up?
    setting: str = ""  # the variable of the environment that sets it up
    is_inside: bool = False  # nothing leaves the machine
    has_one_end: bool = True  # one far side takes them all: where it is dead, all wait
    languages: str = "own"  # "both": more than one person reads it
    takes_files: bool = False
    address: str = ""  # which field of a person or contact is `to`; none: the name after the colon
