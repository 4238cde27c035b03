"""Photos and voices citizens sent, for those who may see a petition that holds them."""

from __future__ import annotations

import re

from aiohttp import hdrs, web
from sqlalchemy import select

from backend.conversation.media_files import PLAYED, file_path
from backend.conversation.tables import media
from backend.organisation.sessions import Actor
from backend.petitions.timeline import media_visible
from backend.web.dependencies import WebDependencies, dependencies
from backend.web.sessions import require_session

SHOWN_TYPE = "image/jpeg"  # every copy that is shown is written as JPEG
SUFFIXES = {
    "image/jpeg": "jpg",
    "audio/amr": "amr",
    "audio/amr-wb": "awb",
    "audio/speex": "spx",
    "audio/silk": "silk",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "video/mp4": "mp4",
}
_SHA256 = re.compile(r"[0-9a-f]{64}")


async def media_file(request: web.Request) -> web.StreamResponse:
    """GET /media/{id}: an image's copy without EXIF, or a voice or video as it came.

    404 where there is none, it is not stored, or none of the petitions holding it may be seen.
    """
    deps = dependencies(request)
    number = request.match_info["id"]
    found = await _find(deps, int(number), require_session(request).actor)
    if found is None:
        raise web.HTTPNotFound
    sha256, claimed = found
    is_image = claimed.startswith("image/")
    path = file_path(deps.media_folder, sha256, shown=is_image)
    if not path.is_file():
        raise web.HTTPNotFound
    shown_type = SHOWN_TYPE if is_image else claimed
    if shown_type not in SUFFIXES:
        shown_type = "application/octet-stream"
    shown = "inline" if is_image or shown_type in PLAYED else "attachment"
    name = f"{number}.{SUFFIXES.get(shown_type, 'bin')}"
    return web.FileResponse(
        path,
        headers={
            hdrs.CONTENT_TYPE: shown_type,
            hdrs.CONTENT_DISPOSITION: f'{shown}; filename="{name}"',
            # Kept by this browser only, and asked again each time: the right to see may end.
            hdrs.CACHE_CONTROL: "private, no-cache",
        },
    )


async def _find(deps: WebDependencies, media_id: int, actor: Actor) -> tuple[str, str] | None:
    """Hash and content type of a stored medium the actor may see."""
    async with deps.database.read() as connection:
        if not await media_visible(connection, actor, media_id):
            return None
        row = (
            await connection.execute(
                select(media.c.sha256, media.c.content_type).where(
                    media.c.id == media_id, media.c.state == "stored"
                )
            )
        ).first()
    if row is None or not _SHA256.fullmatch(row.sha256 or ""):
        return None
    return row.sha256, row.content_type or ""
