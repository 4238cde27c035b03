"""Downloads that fail as nobody foresaw hold up no other."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import cast

import pytest
from PIL import Image
from sqlalchemy import select

from backend.clock import SystemClock
from backend.conversation.arrivals import Arrival
from backend.conversation.media import MediaFetcher, MediaRefused, store_file
from backend.conversation.tables import media
from backend.database.engine import Database
from backend.ports import Channel, Inbound, MediaContent, MediaRef, MessageKind
from tests.conversation.conftest import HandClock
from tests.conversation.room import Room


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


async def test_one_medium_that_fails_oddly_holds_up_no_other(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    room = Room(database, clock, tmp_path / "spool")
    for number, ref in enumerate(("odd", "good")):
        inbound = Inbound(
            "wechat", "town", "甲", f"p{number}", MessageKind.IMAGE,
            media=(MediaRef(MessageKind.IMAGE, ref),),
        )  # fmt: skip
        await room.arrivals.store([Arrival(inbound)])

    class Provider:
        async def fetch_media(self, ref: MediaRef) -> MediaContent:
            if ref.provider_ref == "odd":
                raise RuntimeError
            return MediaContent(png())

    fetcher = MediaFetcher(
        database, SystemClock(), {"town": cast(Channel, Provider())}, tmp_path / "media"
    )
    async with database.read() as connection:
        account_id = (await connection.execute(select(media.c.account_id).limit(1))).scalar_one()
    await fetcher.start({"town": account_id})
    try:
        async with asyncio.timeout(10):
            while (await _states(database)) != {"odd": "waiting", "good": "stored"}:
                await asyncio.sleep(0.02)
    finally:
        await fetcher.close()


async def _states(database: Database) -> dict[str, str]:
    async with database.read() as connection:
        rows = await connection.execute(select(media.c.provider_ref, media.c.state))
        return {row.provider_ref: row.state for row in rows}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_good_image_is_stored_with_its_size(tmp_path: Path, kind: str) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(buffer, kind)
    stored = store_file(tmp_path, buffer.getvalue())
    assert (stored.width, stored.height) == (40, 30)
