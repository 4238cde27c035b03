"""What is appended is on the disk, whole lines only, and belongs to one process."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from channels.sms.journal import Journal, JournalUnavailable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sms" / "county.journal"


async def test_lines_come_back_in_order(path: Path) -> None:
    journal = Journal(path)
    assert journal.open() == []
    await asyncio.gather(*(journal.append({"n": number}) for number in range(50)))
    await journal.close()
    again = Journal(path)
    assert again.open() == [{"n": number} for number in range(50)]
    assert again.lines == 50
    await again.close()


async def test_only_the_owner_may_read(path: Path) -> None:
    journal = Journal(path)
    journal.open()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    await journal.compact(lambda: [{"n": 1}])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await journal.close()


async def test_a_torn_line_was_never_promised(path: Path) -> None:
    journal = Journal(path)
    journal.open()
    await journal.append({"n": 1})
    await journal.close()
    with path.open("ab") as file:
        file.write(b'{"n": 2')
    again = Journal(path)
    assert again.open() == [{"n": 1}]
    await again.append({"n": 3})
    await again.close()
    assert Journal(path).open() == [{"n": 1}, {"n": 3}]


async def test_a_line_that_is_none_is_left_out(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b'{"n": 1}\nnonsense\n[1]\n{"n": 2}\n')
    journal = Journal(path)
    assert journal.open() == [{"n": 1}, {"n": 2}]
    await journal.close()


async def test_it_has_one_owner(path: Path) -> None:
    owner, other = Journal(path), Journal(path)
    owner.open()
    with pytest.raises(JournalUnavailable, match="another process"):
        other.open()
    await owner.compact(lambda: [{"n": 1}])
    with pytest.raises(JournalUnavailable, match="another process"):
        other.open()
    await owner.close()
    assert other.open() == [{"n": 1}]
    await other.close()


async def test_compacting_keeps_what_is_appended_meanwhile(path: Path) -> None:
    journal, kept = Journal(path), [{"n": 0}]
    journal.open()

    async def append(number: int) -> None:
        kept.append({"n": number})  # in memory first, as compacting wants it
        await journal.append({"n": number})

    await asyncio.gather(
        *(append(number) for number in range(1, 20)),
        journal.compact(lambda: list(kept)),
        *(append(number) for number in range(20, 40)),
    )
    await journal.close()
    assert {line["n"] for line in Journal(path).open()} == set(range(40))


async def test_a_disk_that_takes_nothing_is_told_and_leaves_no_half_line(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(path)
    journal.open()
    await journal.append({"n": 1})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("channels.sms.journal.os.fsync", full)
        with pytest.raises(JournalUnavailable, match="No space"):
            await journal.append({"n": 2})
        with pytest.raises(JournalUnavailable, match="No space"):
            await journal.compact(list)
    await journal.append({"n": 3})
    await journal.close()
    assert Journal(path).open() == [{"n": 1}, {"n": 3}]


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "sms").write_text("no folder")
    with pytest.raises(JournalUnavailable):
        Journal(tmp_path / "sms" / "county.journal").open()
