"""Every gold dialogue is played through the real bot and the real conversation code."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from backend.conversation.bot_client import BotClient
from backend.data_file import read_yaml
from backend.database.engine import Database
from tests.end_to_end.bot_process import running_bot
from tests.end_to_end.hall import Hall
from tests.end_to_end.replay import Replay

GOLD = Path(__file__).with_name("gold")
DIALOGUES = sorted((GOLD / "dialogues").glob("*.yml"))
# Of the dialogue's outcome, and of what the triage reads in its petition: name → why.
KNOWN_GAPS: dict[str, dict[str, str]] = read_yaml(GOLD / "known_gaps.yml")
MOST_GAPS = 0.05


@pytest.fixture(scope="session")
def bot_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_bot(tmp_path_factory.mktemp("bot")) as url:
        yield url


@pytest.fixture
async def bot(bot_url: str) -> AsyncIterator[BotClient]:
    client = BotClient(url=bot_url)
    await client.start()
    yield client
    await client.close()


@pytest.mark.parametrize("file", DIALOGUES, ids=lambda file: file.stem)
async def test_what_the_citizen_wants_comes_of_it(
    file: Path, sqlite_database_url: str, bot: BotClient
) -> None:
    """A known gap must still be one: closing it takes it off the list."""
    dialogue = read_yaml(file)
    database = Database(sqlite_database_url)
    try:
        replay = Replay(await Hall.open(database, bot, dialogue["channel"]), dialogue)
        await replay.play()
        unmet = await replay.unmet()
    finally:
        await database.close()
    told = "\n".join([*unmet.outcome, *unmet.readings, *replay.heard_lines])
    assert bool(unmet.outcome) is (file.stem in KNOWN_GAPS["outcome"]), told
    assert bool(unmet.readings) is (file.stem in KNOWN_GAPS["readings"]), told


def test_the_known_gaps_are_few_and_each_says_why() -> None:
    names = {file.stem for file in DIALOGUES}
    assert set(KNOWN_GAPS) == {"outcome", "readings"}
    for gaps in KNOWN_GAPS.values():
        assert set(gaps) <= names
        assert all(len(reason) > 10 for reason in gaps.values())
    assert len(KNOWN_GAPS["outcome"]) <= MOST_GAPS * len(names)
