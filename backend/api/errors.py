"""Errors of the API: always `{"error": {"field": …, "message": …}}`."""

from __future__ import annotations

from aiohttp import web
from pydantic import ValidationError


def error_response(status: int, message: str, field: str = "") -> web.Response:
    """`field` is a dotted path into the body or query, '' for the whole request."""
    return web.json_response({"error": {"field": field, "message": message}}, status=status)


def validation_response(error: ValidationError) -> web.Response:
    """422 with the first thing that is wrong; what was sent is not repeated."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return error_response(422, first["msg"], ".".join(str(part) for part in first["loc"]))
