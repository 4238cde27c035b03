"""Fields of posted forms, read without trusting them."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web
from multidict import MultiDictProxy

from backend.web.errors import refuse

Form = MultiDictProxy[str | bytes | bytearray | web.FileField]
LARGEST_ID = 2**53


def words(form: Form, name: str) -> str:
    """A text field, '' where it is missing or a file. Browsers send line ends as CRLF."""
    value = form.get(name, "")
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def number(form: Form, name: str) -> int | None:
    """A positive whole number, None where it is empty. Raises a 422 for anything else."""
    text = words(form, name)
    return _whole(text) if text else None


def numbers(form: Form, name: str) -> Sequence[int]:
    """All values of a field that may be ticked more than once."""
    return [_whole(value) for value in form.getall(name, []) if isinstance(value, str)]


def required_number(form: Form, name: str) -> int:
    return _whole(words(form, name))


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and 0 < int(text) < LARGEST_ID):
        raise refuse(422, "")
    return int(text)
