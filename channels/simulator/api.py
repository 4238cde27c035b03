"""What the page asks of one account, under /channels/simulator/<account>/."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from backend.ports import InboxUnavailable
from channels.simulator.decode import BadMessage, decode_citizen, decode_message
from channels.simulator.journal import Citizen, Record
from channels.simulator.pictures import MAX_BYTES, NotAPicture, content_type

if TYPE_CHECKING:
    from channels.simulator.channel import SimulatorChannel

MAX_JSON_BYTES = 64 * 1024
MAX_BODY_SECONDS = 30.0
# Another process may write into the journal without waking us.
LIVE_POLL_SECONDS = 0.4
LIVE_PING_SECONDS = 15.0
LIVE_SECONDS = 600.0  # then the browser connects again by itself
MOST_LIVE = 64
# A body somewhat over its limit is read to its end (and dropped), so that the browser is still
# there to read why it was refused.
FAR_TOO_MUCH = 3


class Api:
    """Routes of one account. Every change needs a body that a foreign site's form cannot send."""

    def __init__(self, channel: SimulatorChannel) -> None:
        self._channel = channel
        self._live = 0

    def routes(self) -> Sequence[web.RouteDef]:
        base = f"/channels/simulator/{self._channel.account.name}"
        return [
            web.get(f"{base}/citizens", self._citizens),
            web.post(f"{base}/citizens", self._add_citizen),
            web.post(f"{base}/citizens/{{address}}/restart", self._restart),
            web.get(f"{base}/messages", self._messages),
            web.post(f"{base}/messages", self._send),
            web.post(f"{base}/pictures", self._keep_picture),
            web.get(f"{base}/pictures/{{ref}}", self._picture),
            web.get(f"{base}/live", self._stream),
        ]

    async def _citizens(self, request: web.Request) -> web.Response:
        await asyncio.to_thread(self._channel.journal.refresh)
        return _json({"citizens": [_card(c) for c in self._channel.journal.citizens()]})

    async def _add_citizen(self, request: web.Request) -> web.Response:
        body = await _json_body(request)
        try:
            name, number = decode_citizen(body, self._channel.persona)
        except BadMessage as error:
            raise _refused(400, str(error)) from error
        citizen = await self._channel.add_citizen(name, number)
        if citizen is None:
            raise _refused(409, "这个号码已经有人用了")
        return _json(_card(citizen), status=201)

    async def _restart(self, request: web.Request) -> web.Response:
        """The same name under a new address, whom nobody has met yet."""
        await _json_body(request)
        old = self._channel.journal.citizen(request.match_info["address"])
        if old is None or old.left:
            raise _refused(404, "没有这个人")
        citizen = await self._channel.add_citizen(old.name, replaces=old.address)
        if citizen is None:
            raise _refused(409, "请再试一次")
        return _json(_card(citizen), status=201)

    async def _messages(self, request: web.Request) -> web.Response:
        """All messages of `address`, or (polling) everything of the account after line `after`."""
        seq = await asyncio.to_thread(self._channel.journal.refresh)
        address = request.query.get("address")
        if address is not None:
            records = self._channel.journal.messages(address)
        else:
            records = self._channel.journal.since(_after(request.query.get("after")))
        return _json({"seq": seq, "messages": records})

    async def _send(self, request: web.Request) -> web.Response:
        body = await _json_body(request)
        try:
            record = decode_message(body, self._channel.persona)
        except BadMessage as error:
            raise _refused(400, str(error)) from error
        if self._channel.journal.citizen(record["address"]) is None:
            raise _refused(404, "没有这个人")
        try:
            await self._channel.accept(record, body)
        except InboxUnavailable as error:
            raise _refused(503, "暂时收不下，请稍后重发") from error
        return _json({}, status=202)

    async def _keep_picture(self, request: web.Request) -> web.Response:
        if not request.content_type.startswith("image/"):
            raise _refused(415, "请选一张图片")
        data = await _read_body(request, MAX_BYTES)
        try:
            ref = await asyncio.to_thread(self._channel.pictures.keep, data)
        except NotAPicture as error:
            raise _refused(415, str(error)) from error
        return _json({"picture": ref}, status=201)

    async def _picture(self, request: web.Request) -> web.Response:
        data = await asyncio.to_thread(self._channel.pictures.read, request.match_info["ref"])
        if data is None:
            raise _refused(404, "没有这张图片")
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'",
            "Cache-Control": "private, max-age=86400, immutable",
        }
        return web.Response(body=data, content_type=content_type(data), headers=headers)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: each record as it is written; the event id is its line number."""
        if self._live >= MOST_LIVE:
            raise _refused(503, "打开的页面太多了")
        self._live += 1
        try:
            after = _after(request.headers.get("Last-Event-ID", request.query.get("after")))
            return await self._follow(request, after)
        finally:
            self._live -= 1

    async def _follow(self, request: web.Request, after: int) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream; charset=utf-8",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        await response.prepare(request)
        loop = asyncio.get_running_loop()
        end, ping = loop.time() + LIVE_SECONDS, loop.time() + LIVE_PING_SECONDS
        try:
            await response.write(b"retry: 1000\n\n")
            while not self._channel.closing and loop.time() < end:
                await asyncio.to_thread(self._channel.journal.refresh)
                for record in self._channel.journal.since(after):
                    after = record["seq"]
                    await response.write(_event(record))
                if loop.time() >= ping:
                    await response.write(b": \n\n")
                    ping = loop.time() + LIVE_PING_SECONDS
                await self._wait()
        except (ConnectionResetError, OSError):
            pass  # the page was closed
        return response

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(LIVE_POLL_SECONDS), self._channel.changed:
                await self._channel.changed.wait()
        except TimeoutError:
            return


def _card(citizen: Citizen) -> dict[str, Any]:
    last = citizen.messages[-1] if citizen.messages else None
    return {"address": citizen.address, "name": citizen.name, "last": last}


def _event(record: Record) -> bytes:
    data = json.dumps(record, ensure_ascii=False)
    return f"id: {record['seq']}\ndata: {data}\n\n".encode("utf-8", "backslashreplace")


def _json(data: object, *, status: int = 200) -> web.Response:
    body = json.dumps(data, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return web.Response(
        body=body, status=status, content_type="application/json", charset="utf-8",
        headers={"Cache-Control": "no-store"},
    )  # fmt: skip


class _TooLarge(web.HTTPClientError):
    status_code = 413


def _refused(status: int, reason: str) -> web.HTTPException:
    error: type[web.HTTPException] = {
        400: web.HTTPBadRequest, 403: web.HTTPForbidden, 404: web.HTTPNotFound,
        409: web.HTTPConflict, 413: _TooLarge, 415: web.HTTPUnsupportedMediaType,
        503: web.HTTPServiceUnavailable,
    }[status]  # fmt: skip
    return error(
        text=json.dumps({"reason": reason}, ensure_ascii=False), content_type="application/json"
    )


def _after(given: str | None) -> int:
    if given is None or not given.isascii() or not given.isdigit() or len(given) > 15:
        return 0
    return int(given)


async def _json_body(request: web.Request) -> bytes:
    # A form of a foreign site cannot send this type without asking first (CORS), and gets no leave.
    if request.content_type != "application/json":
        raise _refused(415, "应当是 application/json")
    return await _read_body(request, MAX_JSON_BYTES)


async def _read_body(request: web.Request, most: int) -> bytes:
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise _refused(403, "只能从本页发送")
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise _refused(415, "不收压缩的内容")
    if (request.content_length or 0) > FAR_TOO_MUCH * most:
        raise _too_large(most)
    body = bytearray()
    size = 0
    try:
        async with asyncio.timeout(MAX_BODY_SECONDS):
            async for chunk in request.content.iter_any():
                size += len(chunk)
                if size > FAR_TOO_MUCH * most:
                    raise _too_large(most)
                body += chunk if size <= most else b""
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    except (web.RequestPayloadError, ClientPayloadError, HttpProcessingError) as error:
        raise _refused(400, "没有传完整") from error
    if size > most:
        raise _too_large(most)
    return bytes(body)


def _too_large(most: int) -> web.HTTPException:
    return _refused(413, f"太大了，最多 {most // 1024} KB")
