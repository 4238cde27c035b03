"""What is wrong with an SMPP frame or with a value that should go into one."""

from __future__ import annotations


class SmppError(ValueError):
    """A frame that is none, or a value that no frame can hold. Repeats no content."""


class FrameError(SmppError):
    """Lengths that do not fit, or a command nobody knows."""


class FieldError(SmppError):
    """One field is wrong; `field` is its name as in the tables, such as 'SubmitSm.source_addr'."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
