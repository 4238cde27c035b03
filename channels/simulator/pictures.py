"""Pictures a citizen took here, kept until the backend fetches them (and for the page)."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

MAX_BYTES = 10 * 1024 * 1024

_REF = re.compile(r"[0-9a-f]{64}")
_MAGIC = (
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
)


class NotAPicture(ValueError):
    """The bytes are no picture that a phone would send."""


def content_type(data: bytes) -> str:
    """By the first bytes. Raises NotAPicture."""
    for magic, offset, found in _MAGIC:
        if data[offset : offset + len(magic)] == magic:
            return found
    raise NotAPicture("不是图片（支持 JPEG、PNG、GIF、WebP）")


class Pictures:
    """Files named by their SHA-256. Methods block for the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, data: bytes) -> str:
        """The reference of the picture, durable on return. Raises NotAPicture, OSError."""
        content_type(data)
        ref = hashlib.sha256(data).hexdigest()
        path = self._folder / ref
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            beside = path.with_suffix(f".{os.getpid()}.part")
            with beside.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        return ref

    def read(self, ref: str) -> bytes | None:
        """None where there is no such picture. Raises OSError."""
        if not _REF.fullmatch(ref):
            return None
        try:
            return (self._folder / ref).read_bytes()
        except FileNotFoundError:
            return None
