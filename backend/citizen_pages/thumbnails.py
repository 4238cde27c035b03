"""Small pictures of the photos a citizen sent: made of the copy without EXIF, for them alone."""

from __future__ import annotations

import asyncio
import io
import re
from pathlib import Path

from aiohttp import hdrs, web
from PIL import Image, UnidentifiedImageError

from backend.citizen_pages.dependencies import pages_of
from backend.citizen_pages.own_petitions import own_photo
from backend.citizen_pages.visitor import visitor_of

LARGEST_SIDE = 320
QUALITY = 80
_SHA256 = re.compile(r"[0-9a-f]{64}")


async def thumbnail(request: web.Request) -> web.Response:
    """GET /me/{account}/media/{id}; 404 for anybody else's."""
    pages, visitor = pages_of(request), visitor_of(request)
    async with pages.database.read() as connection:
        found = await own_photo(connection, visitor.citizen_id, int(request.match_info["id"]))
    if found is None or not _SHA256.fullmatch(found.sha256 or ""):
        raise web.HTTPNotFound
    shown = pages.media_folder / found.sha256[:2] / f"{found.sha256}.shown"
    try:
        picture = await asyncio.to_thread(_small, shown)
    except (FileNotFoundError, UnidentifiedImageError) as error:
        raise web.HTTPNotFound from error
    return web.Response(
        body=picture,
        content_type="image/jpeg",
        headers={hdrs.CACHE_CONTROL: "private, max-age=600"},
    )


def _small(path: Path) -> bytes:
    with Image.open(path) as image:
        image.draft("RGB", (LARGEST_SIDE, LARGEST_SIDE))
        image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
        out = io.BytesIO()
        image.convert("RGB").save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
