"""What is written in photos: read one after the other, found by, shown beside the photo, and no
word of the citizen's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from backend.conversation.effects import FEW_WORDS, Effects
from backend.conversation.media_files import store_file
from backend.conversation.photo_reading import MOST_ATTEMPTS, PhotoTexts
from backend.conversation.photo_text import note_waiting, words_in_photos
from backend.conversation.tables import media, photo_text
from backend.database.engine import Database
from backend.duty.alarm import PATIENCE, Alarm
from backend.ocr.lines import PhotoText
from backend.ocr.reader import NotRead
from backend.petitions.filing import Filed
from backend.petitions.queries import petition_view
from backend.petitions.queue import Filters, queue_page
from backend.petitions.timeline import MediaItem, Said
from tests.console.site import photo
from tests.conversation.room import LOOKS, petition_rules, readings, texts
from tests.petitions.world import World

NOTICE = PhotoText("停水通知\n自来水公司 电话13812345678", 0.93)


class Reader:
    """Answers in turn; keeps what it was asked."""

    def __init__(self, *answers: PhotoText | NotRead) -> None:
        self.answers = list(answers)
        self.asked: list[Path] = []

    async def read(self, photo: Path) -> PhotoText:
        self.asked.append(photo)
        answer = self.answers.pop(0)
        if isinstance(answer, NotRead):
            raise answer
        return answer

    async def close(self) -> None:
        self.asked.clear()


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    database = Database(database_url)
    try:
        yield await World.create(database)
    finally:
        await database.close()


async def sent(world: World, folder: Path, text: str = "") -> tuple[Any, int]:
    """A citizen and their message with one photo, which is kept and waits to be read."""
    person = await world.citizen()
    message_id = await world.message(person, text, photos=1)
    stored = store_file(folder, photo(0))
    async with world.database.write() as connection:
        of_message = media.c.message_id == message_id
        await connection.execute(update(media).where(of_message).values(sha256=stored.sha256))
        media_id = (await connection.execute(select(media.c.id).where(of_message))).scalar_one()
        await note_waiting(connection, [media_id], world.now)
        await note_waiting(connection, [media_id], world.now)
    return person, message_id


async def filed_with_photo(world: World, folder: Path) -> tuple[Filed, int]:
    person, message_id = await sent(world, folder, "你们看看这个")
    return await world.file(person, text="你们看看这个", message_ids=[message_id]), message_id


async def row_of(world: World) -> Any:
    async with world.database.read() as connection:
        return (await connection.execute(select(photo_text))).one()


async def found_by(world: World, words: str) -> list[str]:
    actor = await world.official("qinghe", "supervisor")
    async with world.database.read() as connection:
        page = await queue_page(connection, actor, Filters(text=words), world.now)
        return [one.number for one in page.items]


async def photo_of(world: World, number: str, role: str) -> MediaItem:
    actor = await world.official("qinghe", role)
    async with world.database.read() as connection:
        view = await petition_view(connection, actor, number)
    assert view is not None
    (said,) = [item for item in view.timeline if isinstance(item, Said)]
    assert said.text == "你们看看这个"
    return said.media[0]


async def test_read_after_filing_it_is_found_and_shown_beside_the_photo(
    world: World, tmp_path: Path
) -> None:
    filed, message_id = await filed_with_photo(world, tmp_path)
    assert await found_by(world, "停水通知") == []
    reader = Reader(NOTICE)
    texts_in_photos = PhotoTexts(world.database, world.clock, tmp_path, reader)
    assert await texts_in_photos.read_one()
    assert not await texts_in_photos.read_one()
    assert await found_by(world, "停水通知") == [filed.number]
    assert await found_by(world, "13812345678") == []
    (asked,) = reader.asked
    assert asked.name.endswith(".shown")
    whole = await photo_of(world, filed.number, "supervisor")
    assert (whole.words, whole.confidence) == (NOTICE.text, 0.93)
    masked = await photo_of(world, filed.number, "reader")
    assert "停水通知" in masked.words
    assert "13812345678" not in masked.words
    # The petition's own words are the citizen's.
    assert (await world.row(filed.number)).text == "你们看看这个"
    async with world.database.read() as connection:
        assert await words_in_photos(connection, [message_id]) == NOTICE.text
        assert await words_in_photos(connection, [message_id + 1]) == ""


async def test_read_before_filing_it_is_found_as_well(world: World, tmp_path: Path) -> None:
    person, message_id = await sent(world, tmp_path)
    await PhotoTexts(world.database, world.clock, tmp_path, Reader(NOTICE)).read_one()
    filed = await world.file(person, message_ids=[message_id])
    assert await found_by(world, "停水通知") == [filed.number]


async def test_a_photo_that_is_not_read_is_tried_some_times_and_then_let_be(
    world: World, tmp_path: Path
) -> None:
    await sent(world, tmp_path)
    reader = Reader(*[NotRead("TimeoutError")] * MOST_ATTEMPTS)
    photos = PhotoTexts(world.database, world.clock, tmp_path, reader)
    for _ in range(MOST_ATTEMPTS):
        assert await photos.read_one()
        # Nobody takes it again at once, so those behind it are not held up.
        assert not await photos.read_one()
        world.clock.move(timedelta(hours=1))
    assert (await row_of(world)).state == "failed"
    assert not await photos.read_one()
    assert len(reader.asked) == MOST_ATTEMPTS


async def test_a_photo_without_writing_is_read_once(world: World, tmp_path: Path) -> None:
    filed, _ = await filed_with_photo(world, tmp_path)
    photos = PhotoTexts(world.database, world.clock, tmp_path, Reader(PhotoText("", None)))
    assert await photos.read_one()
    world.clock.move(timedelta(hours=1))
    assert not await photos.read_one()
    row = await row_of(world)
    assert (row.state, row.text, row.confidence) == ("read", "", None)
    assert (await photo_of(world, filed.number, "supervisor")).words == ""


async def test_a_photo_whose_copy_is_gone_is_let_be(world: World, tmp_path: Path) -> None:
    await sent(world, tmp_path)
    for file in tmp_path.rglob("*.shown"):
        file.unlink()
    assert await PhotoTexts(world.database, world.clock, tmp_path, Reader()).read_one()
    assert (await row_of(world)).state == "failed"


async def test_without_a_reader_they_go_on_waiting(world: World, tmp_path: Path) -> None:
    await sent(world, tmp_path)
    photos = PhotoTexts(world.database, world.clock, tmp_path, None)
    await photos.start()
    assert not await photos.read_one()
    await photos.close()
    assert (await row_of(world)).state == "waiting"


async def test_few_words_are_read_with_what_the_photo_says_many_without() -> None:
    effects = Effects(readings(), petition_rules(), Alarm(texts(), LOOKS, PATIENCE))
    asked: list[Sequence[int]] = []

    async def in_photos(messages: Sequence[int]) -> str:
        asked.append(messages)
        return "停水通知 因自来水管网检修，锦绣小区停水三天，自来水公司"

    def effect(text: str) -> dict[str, Any]:
        return {
            "id": text,
            "type": "file_petition",
            "text": text,
            "place": "锦绣小区",
            "messages": [7],
        }

    few, many = "你们看看，这都几天了", "小区门口的烧烤摊天天晚上占道经营，油烟熏得人睡不着觉"
    assert len(few) <= FEW_WORDS < len(many)
    prepared = await effects.prepare([effect(few), effect(many)], in_photos)
    assert asked == [[7]]
    assert prepared[few].machine.domain.value == "utilities"
    assert "停水通知" not in prepared[few].machine.title
    without = await readings().petition(few, "锦绣小区", emergency=None)
    # By itself no domain fits those words better than another.
    assert (without.machine.domain.confidence or 0.0) < 0.3
    assert (prepared[few].machine.domain.confidence or 0.0) > 0.5
    assert prepared[few].machine.urgency == without.machine.urgency
