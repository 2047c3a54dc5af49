"""The inbox in Baton: the notice's row itself is the message."""


def send(key: str, to: str, title: str, text: str) -> None:
    """Nothing has to leave the machine."""


def is_ready() -> bool:
    return True
