"""Files citizens sent: told by content, refused without harm, shown without what they hide."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from backend.conversation import media_files
from backend.conversation.media_files import (
    MediaRefused,
    content_type,
    file_path,
    store_file,
)

SECRET = b"33.4533N-113.5540E"
AMR = b"#!AMR\n" + b"\x3c" + bytes(31)


def encoded(kind: str, size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (encoded("JPEG"), "image/jpeg"),
        (encoded("PNG"), "image/png"),
        (encoded("GIF"), "image/gif"),
        (encoded("WEBP"), "image/webp"),
        (AMR, "audio/amr"),
        (b"#!AMR-WB\n\x04", "audio/amr-wb"),
        (b"\x02#!SILK_V3\x0c", "audio/silk"),
        (b"#!SILK_V3\x0c", "audio/silk"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"ID3\x04\x00", "audio/mpeg"),
        (b"\xff\xfb\x90\x64", "audio/mpeg"),
        (b"OggS" + bytes(24) + b"Speex   ", "audio/speex"),
        (b"OggS" + bytes(24) + b"\x01vorbis", "audio/ogg"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00", "video/mp4"),
        (b"\x00\x00\x00\x1cftyp3gp5\x00\x00", "video/mp4"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00", None),
        (b"\x00\x00\x00\x18ftypavif\x00\x00", None),
        (b"RIFF\x24\x00\x00\x00AVI LIST", None),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', None),
        (b"<!DOCTYPE html><script>alert(1)</script>", None),
        (b"%PDF-1.7", None),
        (b"PK\x03\x04", None),
        (b"MZ\x90\x00", None),
        (b'{"errcode":40007}', None),
        (b"GIF89", None),
        (b"", None),
    ],
)
def test_the_content_tells_the_type(data: bytes, expected: str | None) -> None:
    assert content_type(data) == expected
    # What it is claimed to be changes nothing.
    for claimed in ("image/jpeg", "text/html", "audio/speex; rate=16000"):
        assert content_type(data, claimed) == expected


def test_frames_without_a_head_are_what_they_are_claimed_to_be() -> None:
    frames = b"\x1d\xde\x9a\xfb" + bytes(60)
    assert content_type(frames, "voice/speex") == "audio/speex"
    assert content_type(frames, "image/jpeg") is None
    assert content_type(frames) is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_nothing_hidden_in_a_picture_is_shown(tmp_path: Path, kind: str) -> None:
    """EXIF, XMP, comments, text chunks, and what is put behind the picture."""
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><exif:GPS>%b</exif:GPS></x:xmpmeta>" % SECRET
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET.decode())
    hidden = {
        "JPEG": {"exif": exif, "xmp": xmp, "comment": SECRET},
        "PNG": {"exif": exif, "pnginfo": text},
        "WEBP": {"exif": exif, "xmp": xmp},
        "GIF": {"comment": SECRET},
    }[kind]
    data = encoded(kind, **hidden) + b"<script>" + SECRET
    assert data.count(SECRET) >= 2
    stored = store_file(tmp_path, data)
    shown = file_path(tmp_path, stored.sha256, shown=True).read_bytes()
    assert SECRET not in shown
    assert b"xmp" not in shown
    with Image.open(io.BytesIO(shown)) as image:
        assert (image.format, image.size) == ("JPEG", (40, 30))
    assert file_path(tmp_path, stored.sha256).read_bytes() == data


def test_a_photo_lying_on_its_side_is_shown_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = store_file(tmp_path, encoded("JPEG", exif=exif))
    assert (stored.width, stored.height) == (30, 40)


def test_what_is_transparent_is_shown_white(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(buffer, "PNG")
    stored = store_file(tmp_path, buffer.getvalue())
    with Image.open(file_path(tmp_path, stored.sha256, shown=True)) as shown:
        assert shown.getpixel((4, 4)) == (255, 255, 255)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it is this large."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("width", "height"), [(60_000, 60_000), (2_000_000_000, 1), (8_000, 8_000)]
)
def test_a_picture_that_would_burst_the_memory_is_never_opened(
    tmp_path: Path, width: int, height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    monkeypatch.setattr(Image.Image, "load", lambda self: loaded.append("load"))
    with pytest.raises(MediaRefused):
        store_file(tmp_path, bomb(width, height))
    assert loaded == []
    assert list(tmp_path.iterdir()) == []


def test_text_that_swells_inside_a_picture_is_refused(tmp_path: Path) -> None:
    body = b"Comment\x00\x00" + zlib.compress(bytes(80 << 20))
    swelling = struct.pack(">I", len(body)) + b"zTXt" + body
    swelling += struct.pack(">I", zlib.crc32(b"zTXt" + body))
    whole = encoded("PNG")
    with pytest.raises(MediaRefused):
        store_file(tmp_path, whole[:33] + swelling + whole[33:])


@pytest.mark.parametrize(
    ("family", "data"),
    [("image", encoded("JPEG")), ("audio", AMR), ("video", b"\0\0\0\x18ftypmp42")],
)
def test_each_kind_has_its_own_limit(
    tmp_path: Path, family: str, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(media_files.LARGEST_BYTES, family, len(data))
    store_file(tmp_path, data)
    with pytest.raises(MediaRefused, match="文件太大"):
        store_file(tmp_path, data + b"\0")


def test_a_refused_picture_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(MediaRefused, match="图片打不开"):
        store_file(tmp_path, encoded("JPEG")[:200])
    assert list(tmp_path.iterdir()) == []
