"""Downloads: again and again within bounds, and those that fail as nobody foresaw hold up no
other."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image
from sqlalchemy import select

from backend.conversation.arrivals import Arrival
from backend.conversation.media import KEPT_BY_PROVIDER, MediaFetcher
from backend.conversation.media_files import MediaRefused, store_file
from backend.conversation.tables import media, photo_text
from backend.database.engine import Database
from backend.ports import Channel, Inbound, MediaContent, MediaRef, MediaUnavailable, MessageKind
from tests.conversation.conftest import HandClock
from tests.conversation.room import Room

AMR = b"#!AMR\n" + bytes(32)


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(buffer, "PNG")
    return buffer.getvalue()


def test_no_broken_image_is_more_than_refused(tmp_path: Path) -> None:
    """Every cut and many changed bytes of a PNG: stored or refused, nothing else."""
    whole = png()
    for cut in range(8, len(whole)):
        for data in (whole[:cut], whole[: cut - 1] + bytes([whole[cut - 1] ^ 0xFF]) + whole[cut:]):
            try:
                store_file(tmp_path, data)
            except MediaRefused:
                continue


class Provider:
    """Gives what `answers` says for a reference; counts how often it was asked."""

    def __init__(self, **answers: Callable[[], bytes]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def fetch_media(self, ref: MediaRef) -> MediaContent:
        self.asked.append(ref.provider_ref)
        return MediaContent(self.answers[ref.provider_ref]())


def fails(error: Exception) -> Callable[[], bytes]:
    def answer() -> bytes:
        raise error

    return answer


AWAY = fails(MediaUnavailable("ServerDisconnectedError", permanent=False))


async def fetcher_of(
    database: Database, clock: HandClock, folder: Path, provider: Provider
) -> MediaFetcher:
    """A fetcher with one medium of each reference waiting; its loop is not started."""
    room = Room(database, clock, folder / "spool")
    for ref in provider.answers:
        kind = MessageKind.VOICE if ref == "voice" else MessageKind.IMAGE
        inbound = Inbound("wechat", "town", "甲", ref, kind, media=(MediaRef(kind, ref),))
        await room.arrivals.store([Arrival(inbound)])
    return MediaFetcher(database, clock, {"town": cast(Channel, provider)}, folder / "media")


async def started(database: Database, fetcher: MediaFetcher) -> None:
    async with database.read() as connection:
        account_id = (await connection.execute(select(media.c.account_id).limit(1))).scalar_one()
    await fetcher.start({"town": account_id})


async def _rows(database: Database) -> dict[str, Any]:
    async with database.read() as connection:
        rows = await connection.execute(select(media))
        return {row.provider_ref: row for row in rows}


async def _states(database: Database) -> dict[str, str]:
    return {ref: row.state for ref, row in (await _rows(database)).items()}


async def until(database: Database, expected: dict[str, str]) -> None:
    async with asyncio.timeout(10):
        while (await _states(database)) != expected:
            await asyncio.sleep(0.02)


async def test_one_medium_that_fails_oddly_holds_up_no_other(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    provider = Provider(odd=fails(RuntimeError()), good=png)
    fetcher = await fetcher_of(database, clock, tmp_path, provider)
    await started(database, fetcher)
    try:
        await until(database, {"odd": "waiting", "good": "stored"})
    finally:
        await fetcher.close()


async def test_photos_wait_to_be_read_and_voices_do_not(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    fetcher = await fetcher_of(database, clock, tmp_path, Provider(good=png, voice=lambda: AMR))
    await started(database, fetcher)
    try:
        await until(database, {"good": "stored", "voice": "stored"})
    finally:
        await fetcher.close()
    rows = await _rows(database)
    assert rows["voice"].content_type == "audio/amr"
    async with database.read() as connection:
        waiting = (await connection.execute(select(photo_text))).all()
    assert [(row.media_id, row.state) for row in waiting] == [(rows["good"].id, "waiting")]


async def test_a_failed_download_is_tried_for_three_days_ever_more_rarely(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    provider = Provider(good=AWAY)
    fetcher = await fetcher_of(database, clock, tmp_path, provider)
    begun = clock.now()
    await started(database, fetcher)
    await fetcher.close()
    pauses = []
    while (row := (await _rows(database))["good"]).state == "waiting":
        assert clock.now() - begun < KEPT_BY_PROVIDER + timedelta(hours=2)
        pauses.append((row.due_at - clock.now()).total_seconds())
        clock.at = max(clock.now(), row.due_at)
        await fetcher.fetch_due()
    assert row.state == "gone"
    assert "三天" in row.error
    assert clock.now() - begun >= KEPT_BY_PROVIDER
    # A short failure costs seconds, a long one is no burden: some eighty calls in all.
    assert sum(pauses[:6]) < 180
    assert 2000 < min(pauses[-20:]) <= max(pauses) < 4700
    assert len(provider.asked) < 140


async def test_after_a_failure_it_comes_all_the_same(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    provider = Provider(good=AWAY)
    fetcher = await fetcher_of(database, clock, tmp_path, provider)
    await started(database, fetcher)
    await fetcher.close()
    await fetcher.fetch_due()
    provider.answers["good"] = png
    clock.pass_(3600)
    await fetcher.fetch_due()
    row = (await _rows(database))["good"]
    assert (row.state, row.width, row.content_type) == ("stored", 40, "image/png")


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (fails(MediaUnavailable("invalid media id", permanent=True)), "gone", "invalid media id"),
        (lambda: b"<svg onload='alert(1)'/>", "refused", "不是能识别的"),
        (lambda: png()[:60], "refused", "图片打不开"),
    ],
)
async def test_what_can_never_come_is_asked_for_once(
    database: Database,
    clock: HandClock,
    tmp_path: Path,
    answer: Callable[[], bytes],
    state: str,
    reason: str,
) -> None:
    provider = Provider(good=answer)
    fetcher = await fetcher_of(database, clock, tmp_path, provider)
    await started(database, fetcher)
    await fetcher.close()
    await fetcher.fetch_due()
    clock.pass_(86_400)
    await fetcher.fetch_due()
    row = (await _rows(database))["good"]
    assert row.state == state
    assert row.error.startswith(reason)
    assert provider.asked == ["good"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_good_image_is_stored_with_its_size(tmp_path: Path, kind: str) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(buffer, kind)
    stored = store_file(tmp_path, buffer.getvalue())
    assert (stored.width, stored.height) == (40, 30)
