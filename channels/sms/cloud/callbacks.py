"""The addresses a cloud gateway calls: …/mo/<key> for what citizens send, …/report/<key> for
delivery receipts.

Nobody signs these requests: the key in the address and, where set, the callers' addresses are all
that tells them from anybody's. What is answered with success is stored; what is not is sent again.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import structlog
from aiohttp import web

from backend.ports import Account, DeliveryReceipt, Gateway, Inbound, InboxUnavailable
from channels.sms.callers import CallerCheck
from channels.sms.cloud.health import CloudHealth
from channels.sms.request_body import read_body

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 512 * 1024
MOST_AT_ONCE = 1000


class Undecodable(ValueError):
    """An entry does not say what it must; the message says what, and repeats nothing."""


class Decoder(Protocol):
    """What differs between providers. Each entry is one object of the body."""

    @property
    def accepted(self) -> Mapping[str, Any]:
        """The answer that tells the provider not to send it again."""

    def inbound(self, entry: Mapping[str, Any], account: Account) -> Inbound:
        """Raises Undecodable."""

    def receipt(self, entry: Mapping[str, Any], account: Account) -> DeliveryReceipt | None:
        """None for one that says nothing of a message. Raises Undecodable."""


class CloudCallbacks:
    """The routes of one account."""

    def __init__(
        self,
        account: Account,
        gateway: Gateway,
        callers: CallerCheck,
        decoder: Decoder,
        health: CloudHealth,
    ) -> None:
        self._account = account
        self._gateway = gateway
        self._callers = callers
        self._decoder = decoder
        self._health = health

    def routes(self) -> Sequence[web.RouteDef]:
        base = f"/channels/sms/{self._account.name}"
        return [
            web.post(f"{base}/mo/{{key}}", self._mo),
            web.post(f"{base}/report/{{key}}", self._report),
        ]

    async def _mo(self, request: web.Request) -> web.Response:
        return await self._take(request, "mo", self._accept)

    async def _report(self, request: web.Request) -> web.Response:
        return await self._take(request, "report", self._receive)

    async def _accept(self, entry: Mapping[str, Any]) -> None:
        await self._gateway.accept(self._decoder.inbound(entry, self._account))
        self._health.received()

    async def _receive(self, entry: Mapping[str, Any]) -> None:
        receipt = self._decoder.receipt(entry, self._account)
        if receipt is not None:
            await self._gateway.receipt(receipt)
            self._health.reported(receipt.state)

    async def _take(
        self,
        request: web.Request,
        callback: str,
        take: Callable[[Mapping[str, Any]], Awaitable[None]],
    ) -> web.Response:
        self._check(request)
        entries = _entries(await read_body(request, most=MAX_BODY_BYTES))
        refused: Undecodable | None = None
        for entry in entries:
            try:
                await take(entry)
            except Undecodable as error:
                # Those beside it are stored all the same; sent again, they are not doubled.
                refused = error
                log.warning(
                    "sms.callback_refused",
                    account=self._account.name,
                    callback=callback,
                    reason=str(error),
                )
            except InboxUnavailable as error:
                self._health.not_stored()
                log.error("sms.callback_not_stored", account=self._account.name, callback=callback)
                raise web.HTTPServiceUnavailable(
                    text="try again\n", headers={"Retry-After": "5"}
                ) from error
        if refused is not None:
            raise web.HTTPBadRequest(text=f"{refused}\n") from refused
        return web.json_response(dict(self._decoder.accepted))

    def _check(self, request: web.Request) -> None:
        try:
            self._callers.check(request, request.match_info["key"])
        except web.HTTPForbidden as error:
            log.warning("sms.callback_forbidden", account=self._account.name, reason=error.text)
            raise


def _entries(body: bytes) -> Sequence[Mapping[str, Any]]:
    """The objects of a body: an array of them, or one. Raises HTTPBadRequest."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise web.HTTPBadRequest(text="the body should be JSON\n") from error
    entries = parsed if isinstance(parsed, list) else [parsed]
    if not 1 <= len(entries) <= MOST_AT_ONCE or not all(isinstance(e, dict) for e in entries):
        raise web.HTTPBadRequest(text="the body should be an array of objects\n")
    return entries
