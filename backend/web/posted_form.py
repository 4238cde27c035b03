"""Posted forms, read without trusting their form."""

from __future__ import annotations

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import MultiDictProxy

from backend.web.errors import refuse

Form = MultiDictProxy[str | bytes | bytearray | web.FileField]


async def posted_form(request: web.Request) -> Form:
    """The form; read once, so asking again costs nothing. Raises a 400 for a body that cannot be
    read (multipart without an end, an unknown charset, broken compression), HTTP's 413."""
    try:
        return await request.post()
    except (
        ValueError,
        LookupError,  # the charset it names
        web.RequestPayloadError,
        ClientPayloadError,
        HttpProcessingError,
    ):
        raise refuse(400, "") from None
