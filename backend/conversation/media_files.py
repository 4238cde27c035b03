"""Files citizens sent: told by their content, kept outside the database, a safe copy to show.

`<folder>/<sha[:2]>/<sha>` is the file as it came; `<sha>.shown` the copy people see: an image
drawn anew as JPEG, upright, without EXIF (place, device) or anything else that was in the file.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

MEBIBYTE = 1024 * 1024
LARGEST_BYTES = {"image": 20 * MEBIBYTE, "audio": 10 * MEBIBYTE, "video": 32 * MEBIBYTE}
MOST_PIXELS = 60_000_000
SHOWN_QUALITY = 88
# What a browser plays in place; anything else is only saved.
PLAYED = frozenset({"audio/mpeg", "audio/ogg", "audio/wav", "video/mp4"})
# A claim believed where the content shows nothing else: frames of Speex have no header.
HEADLESS = {"voice/speex": "audio/speex", "audio/speex": "audio/speex"}

# Content type by the first bytes; what is not here is refused.
_SIGNATURES: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), found)
    for pattern, found in (
        (rb"\xff\xd8\xff", "image/jpeg"),
        (rb"\x89PNG\r\n\x1a\n", "image/png"),
        (rb"GIF8[79]a", "image/gif"),
        (rb"RIFF.{4}WEBP", "image/webp"),
        (rb"#!AMR\n", "audio/amr"),
        (rb"#!AMR-WB\n", "audio/amr-wb"),
        (rb"\x02?#!SILK_V3", "audio/silk"),
        (rb"RIFF.{4}WAVE", "audio/wav"),
        (rb"OggS.{24}Speex", "audio/speex"),
        (rb"OggS", "audio/ogg"),
        (rb"ID3", "audio/mpeg"),
        (rb"\xff[\xf2\xf3\xfa\xfb]", "audio/mpeg"),
        # Brands of films; the same box begins HEIC photos, which no browser shows.
        (rb".{4}ftyp(?:isom|iso[2-9]|mp4[12]|avc1|M4V |MSNV|mmp4|dash|qt  |3g[p2].)", "video/mp4"),
    )
)
_NO_SPEECH = re.compile(
    rb"\s*(?:<|\xef\xbb\xbf|MZ|PK|%PDF|\x7fELF|\{|#!|GIF|RIFF|.{4}ftyp)", re.DOTALL
)
_PILLOW_NAMES = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
}


class MediaRefused(Exception):
    """Not a kind of file we keep, or too large; the reason is for officials."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file on disk: its hash, type by content, and an image's size in pixels."""

    sha256: str
    content_type: str
    size: int
    width: int | None = None
    height: int | None = None


def content_type(data: bytes, claimed: str = "") -> str | None:
    """The type by the first bytes, None for one we do not keep. `claimed` counts only for what
    has no signature of its own (`HEADLESS`), and where nothing else shows."""
    for signature, found in _SIGNATURES:
        if signature.match(data):
            return found
    if not data or _NO_SPEECH.match(data):
        return None
    return HEADLESS.get(claimed.partition(";")[0].strip().lower())


def file_path(folder: Path, sha256: str, *, shown: bool = False) -> Path:
    """Where a stored file lies, or the copy of an image that people see."""
    return folder / sha256[:2] / (f"{sha256}.shown" if shown else sha256)


def store_file(folder: Path, data: bytes, claimed: str = "") -> StoredFile:
    """Check and keep a file and, for an image, the copy to show. Raises MediaRefused."""
    found = content_type(data, claimed)
    if found is None:
        raise MediaRefused("不是能识别的图片、语音或视频")
    family = found.partition("/")[0]
    if len(data) > LARGEST_BYTES[family]:
        raise MediaRefused("文件太大")
    sha = hashlib.sha256(data).hexdigest()
    size: tuple[int, int] | tuple[None, None] = (None, None)
    if family == "image":
        shown, size = _shown_copy(data, _PILLOW_NAMES[found])
        _write(file_path(folder, sha, shown=True), shown)
    _write(file_path(folder, sha), data)
    return StoredFile(sha, found, len(data), *size)


def _shown_copy(data: bytes, format_: str) -> tuple[bytes, tuple[int, int]]:
    try:
        # Only the decoder of what the first bytes say: a file that is two things at once is one.
        with Image.open(io.BytesIO(data), formats=(format_,)) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise MediaRefused("图片太大")
            upright = ImageOps.exif_transpose(opened)
            buffer = io.BytesIO()
            _bare(upright).save(buffer, "JPEG", quality=SHOWN_QUALITY)
            return buffer.getvalue(), upright.size
    except MediaRefused:
        raise
    except Exception as error:
        raise MediaRefused("图片打不开") from error


def _bare(image: Image.Image) -> Image.Image:
    """Its pixels alone, on white where it is transparent: Pillow would write comments and XMP
    (which tells the place too) into the copy."""
    if "A" in image.getbands() or "transparency" in image.info:
        seen = image.convert("RGBA")
        paper = Image.new("RGB", seen.size, "white")
        paper.paste(seen, mask=seen.getchannel("A"))
        return paper
    bare = image.convert("RGB")
    bare.info.clear()
    return bare


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all: written beside, fsynced, renamed."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
