"""`success`, which ends WeChat's tries: the answer to nearly every push.

Its bytes are the same each time, so they are not put together anew: that would take a fifth of the
time a push takes until it is stored.
"""

from __future__ import annotations

import time
from email.utils import formatdate

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter

from channels.wechat.reply import ACKNOWLEDGE

_HEAD = (
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n"
    "Date: {date}\r\n\r\n"
)


class _Ready(web.StreamResponse):
    """For a connection that stays open. Keeps nothing of a request, so one serves them all."""

    def __init__(self) -> None:
        super().__init__()
        self._second = 0
        self._bytes = b""

    @property
    def keep_alive(self) -> bool:
        return True

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter:
        """Raises ConnectionError when WeChat has gone."""
        writer = request.writer
        await writer.write(self._of(int(time.time())))
        return writer

    async def write_eof(self, data: bytes = b"") -> None:
        """All of it is written by then."""

    def _of(self, second: int) -> bytes:
        if second != self._second:
            date = formatdate(second, usegmt=True)
            head = _HEAD.format(length=len(ACKNOWLEDGE), date=date)
            self._second, self._bytes = second, head.encode() + ACKNOWLEDGE
        return self._bytes


_READY = _Ready()


def acknowledgement(request: web.BaseRequest) -> web.StreamResponse:
    """The response to `request`."""
    if request.version == HttpVersion11 and request.keep_alive:
        return _READY
    return web.Response(body=ACKNOWLEDGE, content_type="text/plain")
