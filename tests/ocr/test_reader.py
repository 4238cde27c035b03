"""The child that reads photos: what it finds, and what becomes of one that misbehaves."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from backend.ocr.lines import PhotoText
from backend.ocr.reader import NotRead, PhotoReader, is_installed
from benchmarks.photo_pictures import NOTICES, Look, chinese_font, drawn, recall
from tests.services.required import missing_service, require_service

READY = "import json, os, sys, time\nprint('{\"ready\": true}', flush=True)\n"


def reader(tmp_path: Path, answering: str, *, seconds: float = 20.0) -> PhotoReader:
    """A reader whose child is this program; it notes its process ids beside itself."""
    program = tmp_path / "child.py"
    note = f"open({str(tmp_path / 'pids')!r}, 'a').write(f'{{os.getpid()}}\\n')\n"
    program.write_text(READY + note + answering, encoding="utf-8")
    return PhotoReader((sys.executable, str(program)), read_seconds=seconds)


def children(tmp_path: Path) -> list[int]:
    return [int(line) for line in (tmp_path / "pids").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_answers_come_back_and_one_child_serves_many(tmp_path: Path) -> None:
    child = reader(
        tmp_path,
        "for line in sys.stdin:\n"
        "    path = json.loads(line)['path']\n"
        "    print(json.dumps({'lines': [[path, 0.9]]}), flush=True)\n",
    )
    assert await child.read(Path("一.jpg")) == PhotoText("一.jpg", 0.9)
    assert await child.read(Path("二.jpg")) == PhotoText("二.jpg", 0.9)
    assert len(children(tmp_path)) == 1
    await child.close()
    assert not is_alive(children(tmp_path)[0])
    await child.close()


async def test_one_that_never_answers_is_ended_and_the_next_photo_gets_a_new_one(
    tmp_path: Path,
) -> None:
    child = reader(
        tmp_path,
        "for line in sys.stdin:\n"
        "    if 'slow' in line: time.sleep(600)\n"
        "    print(json.dumps({'lines': []}), flush=True)\n",
        seconds=2.0,
    )
    with pytest.raises(NotRead, match="TimeoutError"):
        await child.read(Path("slow.jpg"))
    assert not is_alive(children(tmp_path)[0])
    assert await child.read(Path("good.jpg")) == PhotoText("", None)
    assert len(children(tmp_path)) == 2
    await child.close()


@pytest.mark.parametrize(
    "answering",
    [
        "sys.stdin.readline(); os._exit(3)\n",
        "os._exit(3)\n",
        "sys.stdin.readline(); print('no json', flush=True)\n",
        "sys.stdin.readline(); print('[]', flush=True)\n",
        'sys.stdin.readline(); print(\'{"error": "ValueError"}\', flush=True)\n',
        "sys.stdin.readline(); print('x' * (2 << 20), flush=True)\n",
    ],
    ids=["dies", "dies at once", "no json", "no object", "an error", "too much"],
)
async def test_a_child_that_misbehaves_is_one_photo_not_read(
    tmp_path: Path, answering: str
) -> None:
    child = reader(tmp_path, answering)
    with pytest.raises(NotRead):
        await child.read(Path("a.jpg"))
    await child.close()
    assert not any(map(is_alive, children(tmp_path)))


async def test_cancelled_amid_a_photo_it_leaves_nothing_running(tmp_path: Path) -> None:
    child = reader(tmp_path, "sys.stdin.readline(); time.sleep(600)\n")
    reading = asyncio.create_task(child.read(Path("a.jpg")))
    while not (tmp_path / "pids").exists():
        await asyncio.sleep(0.02)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await child.close()
    assert not any(map(is_alive, children(tmp_path)))


async def test_a_drawn_notice_is_read(tmp_path: Path) -> None:
    require_service(
        is_installed(), "nothing installed that reads photos (python3 deploy/install ocr)"
    )
    font = chinese_font(44)
    lines = NOTICES[0] if font else ("WATER OFF 8:00-18:00", "TEL 0999-6223456")
    photo = tmp_path / "notice"
    photo.write_bytes(drawn(lines, Look("print"), font))
    broken = tmp_path / "broken"
    broken.write_bytes(photo.read_bytes()[:3000])
    child = PhotoReader()
    try:
        with pytest.raises(NotRead):
            await child.read(tmp_path / "missing")
        with pytest.raises(NotRead):
            await child.read(broken)
        found = await child.read(photo)
        assert recall("".join(lines), found.text) >= 0.95
        assert found.confidence is not None
        assert found.confidence > 0.9
    finally:
        await child.close()
    if font is None:
        missing_service("no Chinese font (fonts-noto-cjk): only Latin letters were tried")
