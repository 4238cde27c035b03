from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.conversation.spool import BATCH, SET_ASIDE, Spool, _decode, _encode
from backend.ports import Event, GeoPoint, Inbound, InboxUnavailable, MediaRef, MessageKind

inbounds = st.builds(
    Inbound,
    channel=st.just("wechat"),
    account=st.just("town"),
    address=st.text(max_size=40),
    external_id=st.text(max_size=40),
    kind=st.sampled_from(MessageKind),
    text=st.text(max_size=200) | st.text(st.characters(codec=None), max_size=20),
    media=st.lists(
        st.builds(MediaRef, kind=st.just(MessageKind.IMAGE), provider_ref=st.text(max_size=9)),
        max_size=2,
    ).map(tuple),
    place=st.none() | st.builds(GeoPoint, st.floats(-90, 90), st.floats(-180, 180), st.text()),
    event=st.none() | st.builds(Event, st.just("scan"), st.text(max_size=9)),
    sent_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    raw=st.binary(max_size=200),
)


def inbound(number: int) -> Inbound:
    return Inbound("wechat", "town", "who", str(number), MessageKind.TEXT, f"第{number}条")


class Kept:
    """A store that keeps what it is given; it can be told to fail."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.broken = False

    async def __call__(self, inbounds: Sequence[Inbound]) -> None:
        if self.broken:
            raise ConnectionError
        self.ids += [each.external_id for each in inbounds]


@given(inbounds)
def test_every_inbound_survives_the_disk(original: Inbound) -> None:
    assert _decode(_encode(original).rstrip(b"\n")) == original


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(st.lists(st.integers(0, 3), max_size=20))
async def test_order_holds_through_any_mix_of_appends_and_drains(
    tmp_path: Path, appends: list[int]
) -> None:
    folder = tmp_path / os.urandom(4).hex()
    spool, kept, count = Spool(folder), Kept(), 0
    spool.open()
    for size in appends:
        if size:
            await spool.append([inbound(count + each) for each in range(size)])
            count += size
        else:
            await spool.drain(kept)
            assert spool.empty
    await spool.drain(kept)
    assert kept.ids == [str(number) for number in range(count)]
    assert list(folder.glob("*.spool")) == []
    spool.close()


async def test_a_failing_store_loses_nothing(tmp_path: Path) -> None:
    spool, kept = Spool(tmp_path), Kept()
    spool.open()
    await spool.append([inbound(1)])
    kept.broken = True
    with pytest.raises(ConnectionError):
        await spool.drain(kept)
    assert not spool.empty
    await spool.append([inbound(2)])
    kept.broken = False
    assert await spool.drain(kept) == 2
    assert kept.ids == ["1", "2"]
    spool.close()


async def test_a_new_process_adopts_what_a_dead_one_left(tmp_path: Path) -> None:
    dead = Spool(tmp_path)
    dead.open()
    await dead.append([inbound(1), inbound(2)])
    dead.close()
    (path,) = tmp_path.glob("*.spool")
    with path.open("ab") as file:
        file.write(b'{"channel": "torn')
    heir, kept = Spool(tmp_path), Kept()
    heir.open()
    assert not heir.empty
    assert await heir.drain(kept) == 2
    assert kept.ids == ["1", "2"]
    assert heir.empty
    assert list(tmp_path.glob("*.spool")) == []


async def test_a_living_process_keeps_its_file(tmp_path: Path) -> None:
    owner = Spool(tmp_path)
    owner.open()
    await owner.append([inbound(1)])
    other = Spool(tmp_path)
    other.open()
    assert other.empty
    owner.close()


async def test_a_disk_that_refuses_is_said_so(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "file")
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InboxUnavailable):
        await spool.append([inbound(1)])
    assert spool.empty


def test_times_keep_their_zone() -> None:
    at = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    original = Inbound("sms", "line", "who", "1", MessageKind.TEXT, sent_at=at)
    assert _decode(_encode(original).rstrip(b"\n")).sent_at == at


async def test_two_heirs_of_one_file_both_come_to_an_end(tmp_path: Path) -> None:
    dead = Spool(tmp_path)
    dead.open()
    await dead.append([inbound(1)])
    dead.close()
    heirs, kept = [Spool(tmp_path), Spool(tmp_path)], Kept()
    for heir in heirs:
        heir.open()
    for heir in heirs:
        await heir.drain(kept)
        assert heir.empty
    assert kept.ids == ["1"]


async def test_a_line_nobody_understands_is_set_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    dead = Spool(tmp_path)
    dead.open()
    await dead.append([inbound(1)])
    assert dead._file is not None
    dead._file.write(b'{"channel": "wechat", "place": {}}\n')
    await dead.append([inbound(2)])
    dead.close()
    heir, kept = Spool(tmp_path), Kept()
    heir.open()
    await heir.drain(kept)
    assert kept.ids == ["1", "2"]
    assert heir.empty
    assert (tmp_path / SET_ASIDE).read_bytes().count(b"\n") == 1


async def test_what_was_stored_is_not_stored_again_after_a_failure(tmp_path: Path) -> None:
    spool, kept = Spool(tmp_path), Kept()
    spool.open()
    await spool.append([inbound(number) for number in range(BATCH + 1)])

    async def first_batch_only(inbounds: Sequence[Inbound]) -> None:
        kept.broken = len(kept.ids) > 0
        await kept(inbounds)

    with pytest.raises(ConnectionError):
        await spool.drain(first_batch_only)
    kept.broken = False
    await spool.append([inbound(BATCH + 1)])
    await spool.drain(kept)
    assert kept.ids == [str(number) for number in range(BATCH + 2)]
    assert spool.empty
    spool.close()


async def test_half_a_line_left_by_a_full_disk_spoils_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, kept = Spool(tmp_path), Kept()
    spool.open()
    await spool.append([inbound(1)])

    def half(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", half)
        with pytest.raises(InboxUnavailable):
            await spool.append([inbound(2)])
    # Cutting it off may fail too, and leave this:
    assert spool._file is not None
    spool._file.write(_encode(inbound(2))[:-5])
    await spool.append([inbound(3)])
    await spool.drain(kept)
    assert kept.ids == ["1", "3"]
    assert spool.empty
    spool.close()
