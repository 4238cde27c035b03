"""The URL WeChat calls: GET verifies it, POST brings messages and carries answers back.

The five seconds: WeChat disconnects after 5 s without an answer and tries again, three times in
all. `success` ends the tries. So an account that may push acknowledges at about 4.5 s and the
answer follows as a push; one that may not says nothing on the first two tries, so that the answer
can still ride back on the third, and there says that the message was received. Each try may reach
another process: all of them join the same work, and the gateway knows which try it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import structlog
from aiohttp import web

from backend.ports import (
    Accepted,
    Clock,
    DeliveryReceipt,
    Gateway,
    InboxUnavailable,
    PassiveReply,
    SharedStore,
)
from channels.wechat import texts
from channels.wechat.account_health import AccountHealth
from channels.wechat.acknowledgement import acknowledgement
from channels.wechat.admission import Admission, NotFresh, NotReadable, Refused
from channels.wechat.decode import Push, decode
from channels.wechat.encryption import MessageCipher
from channels.wechat.options import WechatOptions
from channels.wechat.push_body import DecodeError, PushFormat
from channels.wechat.replays import Replays
from channels.wechat.reply import fits, sendable, text_reply
from channels.wechat.reply_quota import ReplyQuota
from channels.wechat.reports import Report
from channels.wechat.request_body import read_body

log = structlog.get_logger(__name__)

TRIES = 3
TRY_SECONDS = 5.0
HOLD_SECONDS = 6.0  # a held try is dropped by us if WeChat has not done so by then
HOLD_STEP = 0.2

_CONTENT_TYPES = {PushFormat.XML: "application/xml", PushFormat.JSON: "application/json"}


class Webhook:
    """The two handlers of one account."""

    def __init__(
        self,
        account: str,
        options: WechatOptions,
        gateway: Gateway,
        shared: SharedStore,
        clock: Clock,
        health: AccountHealth,
        quota: ReplyQuota,
    ) -> None:
        self._account = account
        self._quota = quota
        cipher = MessageCipher(options.app_id, options.aes_keys) if options.aes_keys else None
        self._admission = Admission(options.tokens, cipher, accept_plain=options.accept_plain)
        self._has_key = cipher is not None
        self._can_push = options.can_push
        self._wait = options.reply_wait_seconds
        self._gateway = gateway
        self._clock = clock
        self._health = health
        self._replays = Replays(account, shared)

    async def verify(self, request: web.Request) -> web.Response:
        """GET: answers echostr, once, when the console checks the URL."""
        try:
            echo = self._admission.echo(request.query)
        except Refused as refused:
            raise self._refusal(refused) from refused
        if not echo:
            raise web.HTTPBadRequest(text="echostr missing")
        return web.Response(
            body=echo,
            content_type="text/plain",
            headers={"X-Content-Type-Options": "nosniff"},
        )

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """POST: stores the message, then answers it in time or acknowledges it."""
        received_at = self._clock.now()
        push = await self._admitted(request, await read_body(request), received_at)
        if push.reports is not None:
            return await self._note(request, push.reports, received_at)
        if push.whereabouts is not None:
            await self._gateway.whereabouts(self._account, push.inbound.address, push.whereabouts)
            return acknowledgement(request)
        try:
            accepted = await self._gateway.accept(
                push.inbound, reply_within=self._reply_within(push)
            )
        except InboxUnavailable:
            # Not stored, so not answered: WeChat will try again.
            log.error("wechat.inbox_unavailable", account=self._account)
            return await self._hold(request, received_at)
        if push.inbound.event is not None and push.inbound.event.name == "unsubscribe":
            await self._quota.forget(push.inbound.address)
        if not push.answered or self._wait == 0:
            return acknowledgement(request)
        return await self._answer(request, push, accepted, received_at)

    async def _note(
        self, request: web.Request, reports: Sequence[Report], received_at: datetime
    ) -> web.StreamResponse:
        """What WeChat reports of notices: recorded, or asked for again by silence."""
        try:
            for report in reports:
                if isinstance(report, DeliveryReceipt):
                    await self._gateway.receipt(report)
                else:
                    await self._gateway.permission(report)
        except InboxUnavailable:
            log.error("wechat.report_not_stored", account=self._account)
            return await self._hold(request, received_at)
        return acknowledgement(request)

    async def _answer(
        self,
        request: web.Request,
        push: Push,
        accepted: Accepted,
        received_at: datetime,
    ) -> web.StreamResponse:
        if accepted.message_id is None and not self._can_push:
            # In the spool: safe, but no turn will read it while this webhook waits.
            return self._text_response(push, texts.RECEIVED)
        left = self._left(received_at)
        in_part = not self._can_push
        reply = (
            await self._gateway.wait_reply(accepted, left, in_part=in_part) if left > 0 else None
        )
        if reply is not None:
            return await self._carry(request, push, reply, received_at)
        nothing_to_say = self._left(received_at) > HOLD_STEP
        if self._can_push or nothing_to_say:
            return acknowledgement(request)
        if accepted.tries < TRIES:
            return await self._hold(request, received_at)
        return self._text_response(push, texts.RECEIVED)

    async def _carry(
        self, request: web.Request, push: Push, reply: PassiveReply, received_at: datetime
    ) -> web.StreamResponse:
        """The claimed answer as this response, and the outbox told how that went."""
        text = reply.text
        if self._can_push and (_is_gone(request) or self._elapsed(received_at) > TRY_SECONDS):
            # Nobody reads this connection any more, and WeChat may not try again.
            await self._gateway.reply_declined(reply)
            return acknowledgement(request)
        if not sendable(text).strip():
            await self._gateway.reply_written(reply, written=True)
            return acknowledgement(request)
        if not fits(text):
            # One reply holds only a part; the push sends all parts and knows their outcome. (What
            # an account that may not push is given fits: `in_part`.)
            await self._gateway.reply_declined(reply)
            return acknowledgement(request)
        response = self._text_response(push, text)
        written = False
        try:
            await response.prepare(request)
            await response.write_eof()
            # Later than that WeChat has gone, whatever the kernel took.
            written = self._elapsed(received_at) <= TRY_SECONDS
        except ConnectionError:
            log.info("wechat.reply_not_written", account=self._account)
        finally:
            # Also when this handler is cancelled: the outbox must learn what became of the row.
            await asyncio.shield(
                asyncio.ensure_future(self._gateway.reply_written(reply, written=written))
            )
        return response

    async def _hold(self, request: web.Request, received_at: datetime) -> web.StreamResponse:
        """Say nothing until WeChat gives this try up: only silence makes it try again."""
        while not _is_gone(request) and self._elapsed(received_at) < HOLD_SECONDS:
            await self._clock.sleep(HOLD_STEP)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=503)  # for the access log; nobody reads it

    async def _admitted(self, request: web.Request, body: bytes, now: datetime) -> Push:
        """The push, opened and decoded. Raises web.HTTPForbidden, HTTPBadRequest."""
        try:
            admitted = self._admission.open(request.query, body, now)
        except Refused as refused:
            raise self._refusal(refused) from refused
        try:
            push = decode(admitted.body, self._account, admitted.seal)
        except DecodeError as error:
            log.info("wechat.refused", account=self._account, reason=str(error))
            raise web.HTTPBadRequest(text="body not understood") from error
        if await self._replays.is_replay(
            request.query, push.inbound.external_id, signed_whole=push.seal is not None
        ):
            raise self._refusal(Refused("nonce used before"))
        self._health.push_was_understood()
        return push

    def _refusal(self, refused: Refused) -> web.HTTPException:
        log.info("wechat.refused", account=self._account, reason=refused.reason)
        if isinstance(refused, NotReadable):
            self._health.push_was_not_readable(encrypted=refused.encrypted, key_set=self._has_key)
            return web.HTTPBadRequest(text="body not readable")
        if isinstance(refused, NotFresh):
            self._health.push_was_not_fresh(refused.apart)
        return web.HTTPForbidden(text=f"refused: {refused.reason}")

    def _reply_within(self, push: Push) -> float:
        """How long an answer can still ride back. Without push over all tries, whichever this is:
        held back too long it misses no other route."""
        if not push.answered or self._wait == 0:
            return 0.0
        return self._wait if self._can_push else (TRIES - 1) * TRY_SECONDS + self._wait

    def _left(self, received_at: datetime) -> float:
        return self._wait - self._elapsed(received_at)

    def _elapsed(self, received_at: datetime) -> float:
        # The wall clock may be set back while we wait.
        return max(0.0, (self._clock.now() - received_at).total_seconds())

    def _text_response(self, push: Push, text: str) -> web.Response:
        now = self._clock.now()
        body = text_reply(
            to=push.inbound.address,
            sender=push.recipient,
            text=text,
            now=now,
            format=push.format,
        )
        if push.seal is not None:
            body = self._admission.seal(body, push.seal, push.format, now)
        return web.Response(body=body, content_type=_CONTENT_TYPES[push.format], charset="utf-8")


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
