"""The fake platform's temporary media: upload and get, three days, slow and cut downloads."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiohttp import web

from channels.wechat.testing.rules import Now

KEPT = timedelta(days=3)
MEBIBYTE = 1 << 20
# What an account may upload, by type: the largest bytes and the suffixes.
UPLOADS = {
    "image": (10 * MEBIBYTE, ("bmp", "png", "jpeg", "jpg", "gif")),
    "voice": (2 * MEBIBYTE, ("amr", "mp3")),
    "video": (10 * MEBIBYTE, ("mp4",)),
    "thumb": (64 * 1024, ("jpg",)),
}
PIECES = 8


@dataclass(frozen=True)
class Kept:
    """A file, the type it is given out as, and since when it is there."""

    data: bytes
    content_type: str
    since: datetime


@dataclass
class MediaStore:
    """`slow_seconds`: a download comes in `PIECES` pieces, so far apart. `cut_at`: it ends after so
    many bytes though more were promised, this often (`cuts`, None: always)."""

    clock: Now
    slow_seconds: float = 0.0
    cut_at: int | None = None
    cuts: int | None = None
    _files: dict[str, Kept] = field(default_factory=dict)

    def keep(self, data: bytes, content_type: str) -> str:
        """A media id, good for three days, as of something a citizen sent."""
        media_id = secrets.token_urlsafe(32)
        self._files[media_id] = Kept(data, content_type, self.clock.now())
        return media_id

    async def get(self, request: web.Request) -> web.StreamResponse | int:
        """The file, or the errcode: 40007 for one that is unknown or has expired."""
        kept = self._files.get(request.query.get("media_id", ""))
        if kept is None or self.clock.now() - kept.since > KEPT:
            return 40007
        if self._cuts():
            return await self._cut(request, kept)
        if self.slow_seconds:
            return await self._slow(request, kept)
        return web.Response(body=kept.data, content_type=kept.content_type)

    async def upload(self, request: web.Request) -> dict[str, str | int] | int:
        """WeChat's answer, or the errcode: 40004 (type), 41005 (no file), 40005 (suffix), 40006
        (size)."""
        kind = request.query.get("type", "")
        if kind not in UPLOADS:
            return 40004
        file = (await request.post()).get("media")
        if not isinstance(file, web.FileField):
            return 41005
        largest, suffixes = UPLOADS[kind]
        data = file.file.read()
        if file.filename.rpartition(".")[2].lower() not in suffixes:
            return 40005
        if not data or len(data) > largest:
            return 40006
        media_id = self.keep(data, file.content_type)
        name = "thumb_media_id" if kind == "thumb" else "media_id"
        return {"type": kind, name: media_id, "created_at": int(self.clock.now().timestamp())}

    def _cuts(self) -> bool:
        if self.cut_at is None or self.cuts == 0:
            return False
        if self.cuts is not None:
            self.cuts -= 1
        return True

    async def _cut(self, request: web.Request, kept: Kept) -> web.StreamResponse:
        response = await _begun(request, kept)
        await response.write(kept.data[: self.cut_at])
        if request.transport is not None:
            # Closed, not aborted: what was written arrives.
            request.transport.close()
        return response

    async def _slow(self, request: web.Request, kept: Kept) -> web.StreamResponse:
        response = await _begun(request, kept)
        step = max(1, -(-len(kept.data) // PIECES))
        for start in range(0, len(kept.data), step):
            await response.write(kept.data[start : start + step])
            await asyncio.sleep(self.slow_seconds)
        await response.write_eof()
        return response


async def _begun(request: web.Request, kept: Kept) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_type = kept.content_type
    response.content_length = len(kept.data)
    await response.prepare(request)
    return response
