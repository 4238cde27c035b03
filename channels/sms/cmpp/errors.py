"""What is wrong with a CMPP frame or with a value that should go into one."""

from __future__ import annotations


class CmppError(ValueError):
    """A frame that is none, or a value that no frame can hold. Repeats no content."""


class FrameError(CmppError):
    """Lengths that do not fit, or a command nobody knows."""


class FieldError(CmppError):
    """One field is wrong; `field` is its name as in the tables, such as 'Submit.service_id'."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
