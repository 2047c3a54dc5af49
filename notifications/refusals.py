"""What keeps a notice from leaving."""


class NotSent(Exception):
    """The notice did not leave. `is_final`: trying again will not help."""

    def __init__(self, text: str, *, is_final: bool = False) -> None:
        super().__init__(text)
        self.is_final = is_final
