"""Marks on handlers. Every route needs a session and a CSRF token unless its handler says not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from aiohttp import web

Marked = TypeVar("Marked")
_PUBLIC = "_xiangyin_public"
_OWN_CSRF = "_xiangyin_own_csrf"
_NO_TOTP = "_xiangyin_while_totp_missing"
_BODY = "_xiangyin_largest_body"
_EXPIRED = "_xiangyin_while_password_expired"
_UNATTENDED = "_xiangyin_unattended"


def public[Marked](handler: Marked) -> Marked:
    """Answers without a session."""
    setattr(_function(handler), _PUBLIC, True)
    return handler


def own_csrf[Marked](handler: Marked) -> Marked:
    """Comes before there is a session: the handler itself proves that the request is no forgery."""
    setattr(_function(handler), _OWN_CSRF, True)
    return handler


def takes_body(largest: int) -> Callable[[Marked], Marked]:
    """Takes bodies of up to `largest` bytes, for files."""

    def mark(handler: Marked) -> Marked:
        setattr(_function(handler), _BODY, largest)
        return handler

    return mark


def while_password_expired[Marked](handler: Marked) -> Marked:
    """Answers to someone who has yet to change a password given by the administrator."""
    setattr(_function(handler), _EXPIRED, True)
    return handler


def while_totp_missing[Marked](handler: Marked) -> Marked:
    """Answers to someone whose role requires an authenticator app they have yet to set up."""
    setattr(_function(handler), _NO_TOTP, True)
    return handler


def unattended[Marked](handler: Marked) -> Marked:
    """A page asks for this by itself: it does not show that the official is still there, so the
    session's idle time runs on."""
    setattr(_function(handler), _UNATTENDED, True)
    return handler


def marked_public(handler: object) -> bool:
    return hasattr(handler, _PUBLIC)


def marked_own_csrf(handler: object) -> bool:
    return hasattr(handler, _OWN_CSRF)


def _function(handler: Any) -> Any:
    # A bound method takes no attributes; its function does.
    return getattr(handler, "__func__", handler)


def _handler(request: web.Request) -> Any:
    handler = request.match_info.handler
    if isinstance(handler, type):
        # A class-based view is marked on its methods; a method it lacks is no way around.
        return getattr(handler, request.method.lower(), None)
    return handler


def is_public(request: web.Request) -> bool:
    """Nothing is there (404, 405), or the route says so."""
    return request.match_info.http_exception is not None or marked_public(_handler(request))


def proves_itself(request: web.Request) -> bool:
    return request.match_info.http_exception is not None or marked_own_csrf(_handler(request))


def largest_body(request: web.Request, usual: int) -> int:
    """What the handler says it takes, else `usual`."""
    found: int = getattr(_handler(request), _BODY, usual)
    return found


def allows_expired_password(request: web.Request) -> bool:
    return hasattr(_handler(request), _EXPIRED)


def allows_missing_totp(request: web.Request) -> bool:
    return hasattr(_handler(request), _NO_TOTP)


def is_unattended(request: web.Request) -> bool:
    return hasattr(_handler(request), _UNATTENDED)
