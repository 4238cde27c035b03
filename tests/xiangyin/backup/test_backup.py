"""Backups taken and restored, on both databases and from one to the other."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import stat
import tarfile
import zlib
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    select,
)

from backend.conversation.arrivals import Arrival, Arrivals
from backend.conversation.push_turns import PushTurns
from backend.conversation.signals import Signals
from backend.conversation.spool import Spool
from backend.conversation.tables import media, outbox
from backend.database.columns import metadata
from backend.database.engine import Database
from backend.database.migrate import schema_differences
from backend.learning.lessons import HISTORY, Lesson
from backend.learning.shelf import SHIPPED, Shelf
from backend.organisation.tables import session
from backend.petitions.tables import petition
from backend.ports import Inbound
from backend.surveys.after_restore import paused_by_restore
from backend.surveys.push_limits import QuietHours
from backend.surveys.pushing import SurveyPusher
from backend.surveys.tables import survey, survey_answer, survey_question, survey_recipient
from tests.conversation.room import MODEL, readings, texts
from tests.petitions.world import SetClock, World
from tests.surveys.opened import open_survey
from tests.xiangyin.backup.installation import Installation, inbound
from xiangyin.backup.archive import BackupDamaged
from xiangyin.backup.places import RestoreRefused
from xiangyin.backup.restoring import Restored, restore
from xiangyin.backup.taking import NothingToBackUp, take_backup
from xiangyin.model_service import shelf_of

CLOCK = SetClock()
ANY = time()  # begins and ends at once: no hour is quiet
LATER = SetClock(CLOCK.now() + timedelta(days=2))


async def put_back(target: Installation, file: Path, *, may_replace: bool = False) -> Restored:
    return await restore(target.settings, file, LATER, may_replace=may_replace)


async def test_what_is_restored_is_what_was_there(
    filled: Installation, fresh: Installation, file: Path
) -> None:
    await filled.spool(20, 21)
    taken = await take_backup(filled.settings, file, CLOCK)
    done = await put_back(fresh, file)
    assert await fresh.content(without=("outbox",)) == await filled.content(without=("outbox",))
    assert taken.tables["message"] == 4
    assert taken.tables["petition"] == 1
    assert fresh.media() == filled.media()
    assert (taken.media, done.other_media, taken.absent) == (2, 0, ())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    database = Database(fresh.url)
    assert await schema_differences(database) == []
    await database.close()
    assert await drained(fresh) == ["m20", "m21"]


def shelve(installation: Installation, *seconds: int) -> Shelf:
    """Models as trainings leave them, each with its twin."""
    shelf = shelf_of(installation.settings)
    for second in seconds:
        name = shelf.new_name(CLOCK.now() + timedelta(seconds=second))
        for file in (shelf.file(name), shelf.tried_file(name)):
            file.parent.mkdir(parents=True, exist_ok=True)
            for suffix in (".npz", ".json", ".md"):
                shutil.copyfile(MODEL.with_suffix(suffix), file.with_suffix(suffix))
    return shelf


def shelved(installation: Installation) -> dict[str, bytes]:
    shelf = shelf_of(installation.settings)
    return {name: (shelf.folder / name).read_bytes() for name in shelf.files()}


async def test_the_models_of_a_deployment_come_back_and_serve(
    filled: Installation, fresh: Installation, file: Path
) -> None:
    readings()  # makes sure there is a model to copy
    shelf = shelve(filled, 1, 2)
    shelf.put_in_service("triage-20261123-120001")
    shelf.put_in_service("triage-20261123-120002")
    shelf.keep_history([Lesson("水管裂了", "request", "utilities", HISTORY, "k")])
    (shelf.folder / "triage.npz").write_bytes(b"the shipped one is made anew")
    taken = await take_backup(filled.settings, file, CLOCK)
    assert taken.models == 2
    # What was trained there stays; what serves is the backup's.
    shelve(fresh, 9).put_in_service("triage-20261123-120009")
    await put_back(fresh, file)
    restored = shelf_of(fresh.settings)
    assert shelved(filled).items() <= shelved(fresh).items()
    assert not (restored.folder / "triage.npz").exists()
    assert restored.in_service() == "triage-20261123-120002"
    assert restored.roll_back()[1] == "triage-20261123-120001"
    assert [one.text for one in restored.history()] == ["水管裂了"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in restored.folder.glob("service*")} == {
        0o600
    }


async def test_a_backup_without_models_leaves_the_shipped_one_in_service(
    filled: Installation, fresh: Installation, file: Path
) -> None:
    readings()
    await take_backup(filled.settings, file, CLOCK)
    shelve(fresh, 9).put_in_service("triage-20261123-120009")
    await put_back(fresh, file)
    assert shelf_of(fresh.settings).in_service() == SHIPPED


async def test_a_model_tidied_away_meanwhile_is_left_out(
    filled: Installation, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings()
    shelve(filled, 1)
    listed = Shelf.files
    monkeypatch.setattr(
        Shelf, "files", lambda shelf: ["triage-20200101-000000.npz", *listed(shelf)]
    )
    assert (await take_backup(filled.settings, file, CLOCK)).models == 1


async def drained(installation: Installation) -> list[str]:
    """What the app would take from the spool at its start."""
    spool = Spool(installation.settings.spool_dir)
    spool.open()
    found: list[str] = []

    async def store(inbounds: list[Inbound]) -> None:
        found.extend(each.external_id for each in inbounds)

    await spool.drain(store)  # type: ignore[arg-type]
    return found


async def test_the_app_goes_on_with_what_was_restored(
    filled: Installation, fresh: Installation, file: Path
) -> None:
    """New rows get new ids, references still hold."""
    await take_backup(filled.settings, file, CLOCK)
    await put_back(fresh, file)
    database = Database(fresh.url)
    try:
        world = await World.create(database)
        world.serial = 100
        filed = await world.file()
        assert (await world.row(filed.number)).id == 2
        with pytest.raises(Exception, match=r"(?i)foreign key"):
            await fresh.execute("UPDATE petition SET lead_org_id = 4711")
    finally:
        await database.close()


async def test_nothing_is_said_twice_and_no_session_comes_back(
    filled: Installation, fresh: Installation, file: Path
) -> None:
    at = "'2026-11-23 00:00:00.000000'"
    await filled.execute(
        "INSERT INTO session (token_hash, user_id, csrf_token, created_at, seen_at, expires_at,"
        f" ip, agent) VALUES ('x', 1, 'c', {at}, {at}, {at}, '', '')"
    )
    await take_backup(filled.settings, file, CLOCK)
    await put_back(fresh, file)
    assert set(await filled.all(select(outbox.c.state))) == {"queued"}
    assert set(await fresh.all(select(outbox.c.state))) == {"unknown"}
    assert await fresh.all(select(session.c.ended_at)) == [LATER.now()]


async def test_a_number_that_was_answered_comes_back_as_it_was(
    filled: Installation, fresh: Installation, file: Path
) -> None:
    source = Database(filled.url)
    survey_id = await open_survey(source, "wx", ["openid-1"], CLOCK.now())
    async with source.write() as connection:
        question = await connection.scalar(
            select(survey_question.c.id).where(survey_question.c.survey_id == survey_id)
        )
        recipient = await connection.scalar(select(survey_recipient.c.id))
        await connection.execute(
            survey_answer.insert().values(
                recipient_id=recipient, question_id=question, number=12.5, at=CLOCK.now()
            )
        )
    await source.close()
    await take_backup(filled.settings, file, CLOCK)
    await put_back(fresh, file)
    assert await fresh.all(select(survey_answer.c.number)) == [Decimal("12.50")]


def test_a_backup_knows_every_kind_of_column() -> None:
    """What JSON holds by itself, and what rows.py turns into text and back."""
    itself = (Integer, String, Boolean, Float, JSON)
    as_text = (Date, DateTime, LargeBinary, Numeric)
    for table in metadata.tables.values():
        for column in table.columns:
            kept_as = getattr(column.type, "impl_instance", column.type)
            assert isinstance(kept_as, itself + as_text), column


async def test_a_survey_that_still_asks_stops_until_it_is_taken_up(
    filled: Installation, fresh: Installation, file: Path
) -> None:
    """One with people left to ask; another had asked everybody, a third was over."""
    source = Database(filled.url)
    asks, asked_all, over = [
        await open_survey(source, "wx", [name], CLOCK.now(), closes_at=closes_at)
        for name, closes_at in (
            ("openid-1", None),
            ("openid-2", None),
            ("openid-3", CLOCK.now() + timedelta(days=1)),
        )
    ]
    pusher = SurveyPusher(source, CLOCK, {}, quiet=QuietHours(ANY, ANY))
    await filled.execute(f"UPDATE survey SET state = 'draft' WHERE id <> {asked_all}")
    assert await pusher.push() == 1
    await filled.execute(f"UPDATE survey SET state = 'open' WHERE id <> {asked_all}")
    await source.close()
    await take_backup(filled.settings, file, CLOCK)
    done = await put_back(fresh, file)
    assert done.surveys_paused == 1
    states = await fresh.all(select(survey.c.state).order_by(survey.c.id))
    assert states == ["paused", "open", "open"]
    target = Database(fresh.url)
    try:
        later = SurveyPusher(target, LATER, {}, quiet=QuietHours(ANY, ANY))
        assert await later.push() == 0
        async with target.read() as connection:
            stopped = await paused_by_restore(connection, [asks, over], CLOCK.now())
        assert stopped == {asks: CLOCK.now()}
        # The question that was on its way is not sent again by itself.
        looks = {"wx": "wechat", "sms": "sms"}
        assert await PushTurns(target, LATER, texts(), looks, Signals(None, LATER)).take() == 0
        await fresh.execute(f"UPDATE survey SET state = 'open' WHERE id = {asks}")
        assert await later.push() == 1
    finally:
        await target.close()


async def test_a_number_given_after_the_backup_is_not_given_again(
    filled: Installation, fresh: Installation, file: Path
) -> None:
    await take_backup(filled.settings, file, CLOCK)
    await restore(fresh.settings, file, CLOCK, may_replace=False)
    database = Database(fresh.url)
    try:
        world = await World.create(database)
        world.serial = 100
        assert (await world.file()).number.startswith("20261123-1002-")
    finally:
        await database.close()


async def test_a_backup_taken_while_messages_come_in_has_no_gap(
    filled: Installation, fresh: Installation, file: Path
) -> None:
    database = Database(filled.url)
    arrivals = Arrivals(database, CLOCK)
    stop = asyncio.Event()
    sent = 100

    async def write() -> None:
        nonlocal sent
        while not stop.is_set():
            await arrivals.store([Arrival(inbound(sent, refs=("waiting",)))])
            sent += 1
            await asyncio.sleep(0)

    writing = asyncio.create_task(write())
    while sent < 120:
        await asyncio.sleep(0)
    before = sent
    await take_backup(filled.settings, file, CLOCK)
    stop.set()
    await writing
    await database.close()
    assert sent > before
    await put_back(fresh, file)
    numbers = [int(each[1:]) for each in await fresh.messages() if len(each) > 3]
    assert numbers == list(range(100, 100 + len(numbers)))
    assert before - 100 <= len(numbers) <= sent - 100
    # A message and its media come in one transaction.
    assert len(await fresh.all(select(media.c.id))) == len(numbers) + 4


async def test_data_is_replaced_only_when_told(filled: Installation, file: Path) -> None:
    await take_backup(filled.settings, file, CLOCK)
    await filled.execute("UPDATE petition SET title = '改过的'")
    with pytest.raises(RestoreRefused, match="--replace"):
        await put_back(filled, file)
    assert await filled.all(select(petition.c.title)) == ["改过的"]
    await put_back(filled, file, may_replace=True)
    assert await filled.all(select(petition.c.title)) == ["下水道堵塞"]


async def test_an_app_in_the_way_is_noticed(filled: Installation, file: Path) -> None:
    await take_backup(filled.settings, file, CLOCK)
    app = Database(filled.url)
    async with app.read() as connection:
        await connection.execute(select(petition.c.id))
        with pytest.raises(RestoreRefused, match="先停掉"):
            await put_back(filled, file, may_replace=True)
    await app.close()


async def test_a_damaged_database_is_replaced(
    sqlite_database_url: str, tmp_path: Path, file: Path
) -> None:
    installation = Installation(tmp_path / "var", sqlite_database_url)
    await installation.fill()
    await take_backup(installation.settings, file, CLOCK)
    (tmp_path / "xiangyin.db").write_bytes(b"SQLite format 3\0" + b"rubbish" * 1000)
    (tmp_path / "xiangyin.db-wal").write_bytes(b"of yesterday" * 100)
    with pytest.raises(RestoreRefused, match="--replace"):
        await put_back(installation, file)
    await put_back(installation, file, may_replace=True)
    assert await installation.all(select(petition.c.title)) == ["下水道堵塞"]


def with_a_bit_flipped(data: bytes) -> bytes:
    """In the middle; of a few bits there nothing depends, and they are no damage."""
    for place in range(len(data) // 2, len(data)):
        flipped = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        try:
            harmless = gzip.decompress(flipped) == gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            return flipped
        assert harmless, "gzip's checksum finds what was changed"
    raise AssertionError("no bit does harm")


@pytest.mark.parametrize("damage", ["cut", "bit", "manifest", "swapped", "text", "stranger"])
async def test_a_damaged_file_changes_nothing(
    filled: Installation, file: Path, tmp_path: Path, damage: str
) -> None:
    await take_backup(filled.settings, file, CLOCK)
    before = await filled.content(), filled.media()
    data = file.read_bytes()
    bad = tmp_path / "bad.tar.gz"
    match damage:
        case "cut":
            bad.write_bytes(data[: len(data) // 2])
        case "bit":
            bad.write_bytes(with_a_bit_flipped(data))
        case "manifest":  # which no hash is of; gzip's checksum is left as it was
            plain = gzip.decompress(data)
            assert plain.count(b'"made_at": "2') == 1
            changed = gzip.compress(plain.replace(b'"made_at": "2', b'"made_at": "3'))
            bad.write_bytes(changed[:-8] + data[-8:])
        case "swapped":  # well-formed, but not what was written
            plain = gzip.decompress(data)
            assert "下水道".encode("unicode_escape") in plain
            bad.write_bytes(gzip.compress(plain.replace(b"\\u4e0b\\u6c34", b"\\u4e0a\\u6c34")))
        case "text":
            bad.write_text("not a backup")
        case "stranger":
            with tarfile.open(bad, "w:gz") as tar:
                tar.add(__file__, "../../evil.py")
    with pytest.raises(BackupDamaged):
        await put_back(filled, bad, may_replace=True)
    assert (await filled.content(), filled.media()) == before


async def test_an_older_schema_is_migrated_forward_and_a_newer_one_refused(
    fresh: Installation, filled: Installation, file: Path, tmp_path: Path
) -> None:
    old = Installation(tmp_path / "old", f"sqlite+aiosqlite:///{tmp_path / 'old' / 'x.db'}")
    await old.at_revision("0003")
    await old.execute(
        "INSERT INTO org (code, name, type, path, active) VALUES ('a', '县', 'county', '/1/', 1)"
    )
    await take_backup(old.settings, file, CLOCK)
    assert (await put_back(fresh, file)).manifest.schema == "0003"
    database = Database(fresh.url)
    assert await schema_differences(database) == []
    await database.close()

    await filled.execute("UPDATE alembic_version SET version_num = '9999'")
    newer = tmp_path / "newer.tar.gz"
    await take_backup(filled.settings, newer, CLOCK)
    with pytest.raises(RestoreRefused, match="先升级"):
        await put_back(fresh, newer, may_replace=True)


async def test_a_lost_medium_is_named_and_the_rest_is_there(
    filled: Installation, fresh: Installation, file: Path
) -> None:
    lost = (await filled.all(select(media.c.sha256).where(media.c.provider_ref == "blue")))[0]
    (filled.settings.media_dir / lost[:2] / lost).unlink()
    taken = await take_backup(filled.settings, file, CLOCK)
    assert (taken.absent, taken.media) == ((lost,), 1)
    await put_back(fresh, file)
    assert len(fresh.media()) == 2


async def test_an_existing_file_and_an_empty_database_are_refused(
    filled: Installation, fresh: Installation, file: Path
) -> None:
    file.write_text("mine")
    with pytest.raises(FileExistsError):
        await take_backup(filled.settings, file, CLOCK)
    assert file.read_text() == "mine"
    with pytest.raises((NothingToBackUp, FileNotFoundError)):
        await take_backup(fresh.settings, file.with_name("empty"), CLOCK)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


async def test_the_manifest_tells_what_is_inside_and_no_secret_is(
    filled: Installation, file: Path
) -> None:
    filled.settings.secret_key()
    await take_backup(filled.settings, file, CLOCK)
    with tarfile.open(file) as tar:
        *members, last = tar.getnames()
        manifest = json.load(tar.extractfile(last))  # type: ignore[arg-type]
    assert manifest["members"].keys() == set(members)
    assert not any("secret" in name or "key" in name for name in members)
    key = filled.settings.secret_key_file.read_bytes().strip()
    assert key not in gzip.decompress(file.read_bytes())
