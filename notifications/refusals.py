"""What keeps a notice from leaving, and what is wrong with words or rules for notices."""

from typing import NamedTuple


class NotSent(Exception):
    """The notice did not leave.

    `is_final`: trying again will not help. `is_unreachable`: nobody answered, or nobody who could
    take any notice, so it says nothing of this one: it waits, and the try does not count.
    """

    def __init__(self, text: str, *, is_final: bool = False, is_unreachable: bool = False) -> None:
        super().__init__(text)
        self.is_final, self.is_unreachable = is_final, is_unreachable


class BadWords(Exception):
    """A template that cannot be read, or that does not fit its facts. `zh` says the same."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.zh = zh


class Finding(NamedTuple):
    """What is wrong with one place of a policy, in Chinese and English."""

    path: str
    zh: str
    en: str
