"""Counts, texts and respondents, whole and by village and channel, on both databases."""

from __future__ import annotations

import pytest

from backend.organisation.sessions import Actor
from backend.surveys.reading import Survey, list_surveys
from backend.surveys.respondents import respondents
from backend.surveys.results import Part, progress, question_counts, sources
from backend.surveys.written_answers import written_answers
from tests.petitions.world import World
from tests.surveys.clinic import SHANGLIU, WISHES, XIALIU, answered, opened, villager

UPPER = Part(f"division:{SHANGLIU}")


@pytest.fixture
async def desk(county: World) -> Actor:
    return await county.official("liuhe", "dispatcher")


async def filled(county: World, desk: Actor) -> Survey:
    """Six of seven have answered: four of the upper village, two of the lower, by text message."""
    upper = [await villager(county, SHANGLIU, name="张秀兰") for _ in range(4)]
    lower = [await villager(county, XIALIU, "sms", f"1380000000{n}") for n in range(3)]
    found = await opened(county, desk, [SHANGLIU, XIALIU])
    await answered(county, found, upper + lower[:2])
    return found


async def test_counts_of_all_and_of_a_part(county: World, desk: Actor) -> None:
    found = await filled(county, desk)
    texted = Part(account_ids=(county.accounts["sms"],))
    async with county.database.read() as connection:
        whole = await progress(connection, found.id)
        assert (whole.recipients, whole.asked, whole.completed) == (7, 6, 6)
        assert whole.by_state == {"completed": 6, "waiting": 1}
        assert (await progress(connection, found.id, texted)).recipients == 3
        assert await sources(connection, found.id) == {
            f"division:{SHANGLIU}": 4,
            f"division:{XIALIU}": 3,
        }
        choice, level, minutes, wish = await question_counts(connection, found)
        assert (choice.options, choice.answered) == ([2, 2, 1, 1], 6)
        assert level.options == [2, 1, 1, 1, 1]
        assert level.scale is not None
        assert level.scale.satisfied == 2 / 6
        assert minutes.numbers is not None
        assert (minutes.numbers.median, minutes.numbers.greatest) == (17.5, 30)
        assert (wish.answered, wish.skipped) == (5, 1)
        upper = await question_counts(connection, found, UPPER)
        assert [one.answered for one in upper] == [4, 4, 4, 3]
        [listed] = await list_surveys(connection, desk, county.now)
        assert (listed.recipients, listed.asked, listed.completed) == (7, 6, 6)


async def test_texts_are_paged_and_searched(county: World, desk: Actor) -> None:
    found = await filled(county, desk)
    wish = found.question_ids[-1]
    async with county.database.read() as connection:
        first = await written_answers(connection, found.id, wish, Part(), limit=3)
        assert (len(first.answers), first.total) == (3, 5)
        rest = await written_answers(
            connection, found.id, wish, Part(), before=first.further, limit=3
        )
        assert (len(rest.answers), rest.further) == (2, None)
        found_one = await written_answers(connection, found.id, wish, UPPER, sought="每天")
        assert [one.text for one in found_one.answers] == [WISHES[1]]
        texted = Part(account_ids=(county.accounts["sms"],))
        assert (await written_answers(connection, found.id, wish, texted)).total == 2
        for sign in ("%", "_"):
            page = await written_answers(connection, found.id, wish, Part(), sought=sign)
            assert page.total == 0


async def test_respondents_come_with_all_they_answered(
    county: World, desk: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await filled(county, desk)
    monkeypatch.setattr("backend.surveys.respondents.PIECE", 4)
    async with county.database.read() as connection:
        pieces = [piece async for piece in respondents(connection, found.id, Part())]
        texted = Part(account_ids=(county.accounts["sms"],))
        assert [len(piece) async for piece in respondents(connection, found.id, texted)] == [2]
    assert [len(piece) for piece in pieces] == [4, 2]
    first = pieces[0][0]
    given = [first.answers[id_] for id_ in found.question_ids]
    assert (given[0].option, given[2].number, given[3].text) == (0, 5.0, None)
    assert (first.name, first.state) == ("张秀兰", "completed")
    assert pieces[1][0].known_as == "13800000000"
