"""Scripts and styles the pages are served with: an allow-list, read once, named by their content.

An address holds the hash of the file, so a browser may keep it for ever and still gets the new one
after an upgrade.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from aiohttp import hdrs, web

from backend.web.markers import public

STATIC = Path(__file__).parent / "static"
# name → where it lies below node_modules; our own files lie in static/
FROM_PACKAGES = {
    "tabler.css": "@tabler/core/dist/css/tabler.min.css",
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "echarts.js": "echarts/dist/echarts.common.min.js",
    "amr.js": "benz-amr-recorder/src/amrnb.js",
}
OWN = (
    "console.css",
    "account.css",
    "bulk_dispatch.css",
    "bulk_dispatch.js",
    "console.js",
    "deployment.css",
    "deployment.js",
    "learning.css",
    "learning.js",
    "guide.css",
    "health.css",
    "hot.css",
    "blocked_numbers.css",
    "duty.css",
    "live.css",
    "live.js",
    "mark.svg",
    "media.css",
    "offices.js",
    "overview.css",
    "overview.js",
    "petition.js",
    "queue.css",
    "queue.js",
    "survey.css",
    "survey.js",
    "voice.js",
    "voice_worker.js",
)
CONTENT_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FOR_EVER = "public, max-age=31536000, immutable"


class AssetMissing(Exception):
    """A file of the allow-list is not there (the packages are not installed)."""


@dataclass(frozen=True, slots=True)
class Asset:
    name: str
    digest: str
    body: bytes
    gzipped: bytes
    content_type: str


class Assets:
    """The files of the allow-list, kept in memory. Raises AssetMissing naming the file."""

    def __init__(self, node_modules: Path) -> None:
        paths = {name: node_modules / below for name, below in FROM_PACKAGES.items()}
        paths |= {name: STATIC / name for name in OWN}
        self._assets = {name: _read(name, path, _stamp(path)) for name, path in paths.items()}

    def url(self, name: str) -> str:
        """Address of a file, '/assets/<hash>/<name>'. Raises KeyError for an unlisted name."""
        return f"/assets/{self._assets[name].digest}/{name}"

    @public
    async def serve(self, request: web.Request) -> web.Response:
        """GET /assets/{digest}/{name}; 404 for anything but a listed file at its present hash."""
        asset = self._assets.get(request.match_info["name"])
        if asset is None or asset.digest != request.match_info["digest"]:
            raise web.HTTPNotFound
        zipped = "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "")
        headers = {hdrs.CACHE_CONTROL: FOR_EVER, hdrs.VARY: "Accept-Encoding"}
        if zipped:
            headers[hdrs.CONTENT_ENCODING] = "gzip"
        return web.Response(
            body=asset.gzipped if zipped else asset.body,
            content_type=asset.content_type,
            charset=None if asset.content_type == "image/svg+xml" else "utf-8",
            headers=headers,
        )


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise AssetMissing(f"{path}: run `npm ci` in the project's folder") from error


@lru_cache(maxsize=48)
def _read(name: str, path: Path, _changed: int) -> Asset:
    body = path.read_bytes()
    return Asset(
        name=name,
        digest=hashlib.sha256(body).hexdigest()[:16],
        body=body,
        gzipped=gzip.compress(body, 9, mtime=0),
        content_type=CONTENT_TYPES[path.suffix],
    )
