"""The addresses Kannel calls: /mo for what citizens send, /dlr for delivery receipts.

The answer to an MO is an empty 200, given only once the message is durable: Kannel would send a
body to the citizen as an SMS. Any other status makes Kannel try again (`http-request-retry`).
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from aiohttp import web

from backend.ports import Account, Gateway, InboxUnavailable
from channels.sms.callers import CallerCheck
from channels.sms.kannel.decode import (
    Undecodable,
    decode_mo,
    decode_receipt,
    mo_from_post,
    mo_from_query,
    parse_query,
)
from channels.sms.request_body import read_body

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 64 * 1024  # a long SMS is at most 255 parts of 140 octets


class Callbacks:
    """The routes of one account."""

    def __init__(self, account: Account, gateway: Gateway, callers: CallerCheck) -> None:
        self._account = account
        self._gateway = gateway
        self._callers = callers

    def routes(self) -> Sequence[web.RouteDef]:
        """Each with the key as parameter `key` or as last part of the path."""
        base = f"/channels/sms/{self._account.name}"
        return [
            web.route(method, path, handler)
            for method in ("GET", "POST")
            for name, handler in (("mo", self._mo), ("dlr", self._dlr))
            for path in (f"{base}/{name}", f"{base}/{name}/{{key}}")
        ]

    async def _mo(self, request: web.Request) -> web.Response:
        query = self._query(request)
        if request.method == "GET":
            mo, raw = mo_from_query(query), _without_key(request)
        else:
            body = await read_body(request, most=MAX_BODY_BYTES)
            mo = mo_from_post(query, request.headers, request.charset, body)
            raw = _headers_and_body(request, body)
        try:
            inbound = decode_mo(mo, channel="sms", account=self._account.name, raw=raw)
            await self._gateway.accept(inbound)
        except Undecodable as error:
            raise self._refused("mo", error) from error
        except InboxUnavailable as error:
            raise self._unavailable("mo") from error
        return web.Response(text="")

    async def _dlr(self, request: web.Request) -> web.Response:
        query = self._query(request)
        try:
            await self._gateway.receipt(decode_receipt(query, account=self._account.name))
        except Undecodable as error:
            raise self._refused("dlr", error) from error
        except InboxUnavailable as error:
            raise self._unavailable("dlr") from error
        return web.Response(text="")

    def _query(self, request: web.Request) -> dict[str, bytes]:
        query = parse_query(_raw_query(request))
        in_path = request.match_info.get("key")
        given = in_path if in_path is not None else query.get("key", b"").decode("latin-1")
        try:
            self._callers.check(request, given)
        except web.HTTPForbidden as error:
            log.warning("sms callback forbidden", account=self._account.name, reason=error.text)
            raise
        return query

    def _refused(self, callback: str, error: Undecodable) -> web.HTTPBadRequest:
        log.warning(
            "sms callback refused", account=self._account.name, callback=callback, reason=str(error)
        )
        return web.HTTPBadRequest(text=f"{error}\n")

    def _unavailable(self, callback: str) -> web.HTTPServiceUnavailable:
        log.error("sms callback not stored", account=self._account.name, callback=callback)
        return web.HTTPServiceUnavailable(text="try again\n", headers={"Retry-After": "5"})


def _raw_query(request: web.Request) -> str:
    return request.raw_path.partition("?")[2]


def _without_key(request: web.Request) -> bytes:
    pairs = _raw_query(request).split("&")
    kept = "&".join(pair for pair in pairs if not pair.startswith("key="))
    return kept.encode("utf-8", "surrogateescape")


def _headers_and_body(request: web.Request, body: bytes) -> bytes:
    """What Kannel said, without the key: its headers, a blank line, the body."""
    names = [n for n in request.headers if n.startswith("X-Kannel-") or n == "Content-Type"]
    head = "".join(f"{name}: {request.headers[name]}\r\n" for name in sorted(set(names)))
    return head.encode("utf-8", "surrogateescape") + b"\r\n" + body
