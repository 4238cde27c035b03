"""Messages by CMPP while the receiving process is killed: none lost, none doubled.

`make durability-mo` plays the same with 100,000 and ten deaths.
"""

from __future__ import annotations

from pathlib import Path

from tests.durability.mo_kills import play, written

MESSAGES, KILLS = 2_000, 5
SECONDS = 150.0


async def test_none_is_lost_and_none_doubled(database_url: str, tmp_path: Path) -> None:
    played = await play(MESSAGES, KILLS, database_url, tmp_path, seconds=SECONDS)
    log = (tmp_path / "receiver.log").read_text(encoding="utf-8", errors="replace")[-2000:]
    assert (played.lost, played.doubled, played.refused) == (0, 0, 0), f"{played}\n{log}"
    assert played.kills == KILLS
    # With its window full, each kill left some that had to come again.
    assert played.delivered > MESSAGES


def test_the_messages_are_of_every_sort() -> None:
    delivers, said = written(MESSAGES)
    assert len({deliver.msg_id for deliver in delivers}) == MESSAGES
    assert said.total() == MESSAGES - sum(deliver.tp_udhi for deliver in delivers) // 2
    assert max(said.values()) > 1  # the same words of one person twice
