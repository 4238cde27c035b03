"""One step back, help and giving up work wherever a citizen is: every state of the dialogue is
reached once, in a citizen's words, and each of the three is said there."""

from __future__ import annotations

from typing import Any

import pytest

from actions.awaited import READERS
from actions.petition_form import STAGES
from bot.engine import Engine
from bot.tracker_store import decode_state
from tests.bot.played import Player, said

LAMP = {"say": "村口的路灯坏了半个多月", "entities": {"place": "向阳村"}}
RUBBISH = {"say": "垃圾桶满了好几天没清运"}
TWO = {"say": "两件事:一是自来水发黄有铁锈味,二是我妈的高龄补贴三个月没到账"}
OPEN = {"number": "26110011", "title": "路灯不亮", "state": "dispatched"}
OTHER = {"number": "26110022", "title": "井盖丢了", "state": "received"}
ANSWERED = {"number": "26110011", "title": "路灯不亮", "state": "resolved"}
RATING = {"internal": {"type": "ask_rating", "number": "26110011"}, "petitions": [ANSWERED]}
QUESTIONS = [
    {"type": "single", "options": ["满意", "一般", "不满意"]},
    {"type": "number", "lowest": 0, "highest": 20},
    {"type": "text"},
]

# What is said to get there, from nothing.
SAME = {"number": "20261120-0003-1", "place": "锦绣社区", "matter": "水电气与通信", "people": 12}
STATES: dict[str, list[dict[str, Any]]] = {
    "form: what": [{"say": "我要反映问题"}],
    "form: place": [RUBBISH],
    "form: confirm": [LAMP],
    "form: correct": [LAMP, {"say": "改一下"}],
    "form: correct_place": [LAMP, {"say": "改地点"}],
    "form: correct_what": [LAMP, {"say": "内容要改"}],
    "form: another": [LAMP, {"say": "我爹82了高龄补贴从去年下半年就没发"}],
    "form: two": [TWO],
    "form: same": [LAMP, {"say": "对", "same": SAME}],
    "form: addition": [{"photos": 1, "petitions": [OPEN]}],
    "awaited: rating": [RATING],
    "awaited: comment": [RATING, {"say": "不满意"}],
    "awaited: withdrawal": [{"say": "我要撤回", "petitions": [OPEN]}],
    "awaited: which": [{"say": "我要撤回", "petitions": [OPEN, OTHER]}],
    "awaited: phone_tail": [
        {"say": "26119999", "entities": {"petition_number": "26119999"}},
    ],
    "awaited: announced": [{"say": "我要补充", "petitions": [OPEN]}],
    "awaited: guide": [{"say": "身份证丢了怎么补办", "guide": "identity_card"}],
    "awaited: held": [{"say": "那个啥来着嘛"}],
    "awaited: addition": [LAMP, {"say": "对"}],
    "awaited: voice": [{"voices": 1}],
    "awaited: company": [{"say": "就我一个人在家,冷清得很"}],
    "survey: first": [],
    "survey: number": [{"choose": 1}],
    "survey: text": [{"choose": 1}, {"say": "3"}],
}
FILED = {"awaited: addition", "awaited: voice"}
"""States with an effect already behind them; nothing more may be filed."""


async def reach(engine: Engine, state: str) -> tuple[Player, dict[str, Any] | None]:
    survey = QUESTIONS if state.startswith("survey") else []
    player = Player(engine, survey=survey)
    response = None
    for turn in STATES[state]:
        response = await player.play(turn)
    return player, response


def slots(player: Player) -> dict[str, Any]:
    """What the dialogue remembers."""
    if player.state is None:
        return {}
    tracker = decode_state(player.state, "1", player.engine._processor.domain)
    return {name: tracker.get_slot(name) for name in ("draft", "awaiting")}


def where(player: Player) -> str:
    """The name of the state the player is in."""
    remembered = slots(player)
    if remembered.get("draft"):
        return f"form: {remembered['draft'].get('stage', 'what')}"
    awaiting = remembered.get("awaiting")
    return f"awaited: {awaiting['for']}" if awaiting else "nothing"


def test_every_state_is_here() -> None:
    named = {name.removeprefix("form: ") for name in STATES if name.startswith("form: ")}
    awaited = {name.removeprefix("awaited: ") for name in STATES if name.startswith("awaited: ")}
    assert named == set(STAGES)
    assert awaited == {*READERS, "held", "addition"}


@pytest.mark.parametrize("state", STATES)
async def test_the_words_lead_there(engine: Engine, state: str) -> None:
    player, _ = await reach(engine, state)
    if not state.startswith("survey"):
        assert where(player) == state


@pytest.mark.parametrize("words", ["帮助", "怎么用啊这个"])
@pytest.mark.parametrize("state", STATES)
async def test_help_answers_and_loses_nothing(engine: Engine, state: str, words: str) -> None:
    player, _ = await reach(engine, state)
    before = slots(player)
    response = await player.play({"say": words})
    assert {"help", "help_short"} & set(said(response)), said(response)
    assert not _done(response)
    draft, kept = before.get("draft"), slots(player).get("draft")
    assert _without_count(kept) == _without_count(draft)
    if draft:
        assert len(said(response)) == 2, "the open question is put again"
    if state.startswith("survey"):
        assert player.position == len(STATES[state]) + 1
    elif not draft and state != "awaited: held":
        assert slots(player).get("awaiting") == before.get("awaiting")


@pytest.mark.parametrize("words", ["取消", "算了"])
@pytest.mark.parametrize("state", STATES)
async def test_giving_up_ends_it_and_files_nothing(engine: Engine, state: str, words: str) -> None:
    player, _ = await reach(engine, state)
    for _ in range(2):
        # A correction given up leads back to the confirmation; the next one gives that up.
        response = await player.play({"say": words})
        assert not _done(response)
        assert said(response)
        if not response["busy"]:
            break
    assert not response["busy"]
    assert where(player) in ("nothing", "awaited: addition", "awaited: withdrawal"), where(player)


# Where one step back leads; a state that is not named here stays where it was said to be.
BACK = {
    "form: what": "nothing",
    "form: place": "form: correct_what",
    "form: confirm": "form: correct",
    "form: correct": "form: confirm",
    "form: correct_place": "form: confirm",
    "form: correct_what": "form: confirm",
    "form: another": "form: confirm",
    "form: two": "form: correct_what",
    "form: same": "form: confirm",
    "form: addition": "nothing",
    "awaited: addition": "awaited: addition",
    "awaited: voice": "nothing",
}


@pytest.mark.parametrize("words", ["上一步", "返回", "刚才说错了"])
@pytest.mark.parametrize("state", STATES)
async def test_one_step_back_leads_to_the_question_before(
    engine: Engine, state: str, words: str
) -> None:
    player, _ = await reach(engine, state)
    position = player.position
    response = await player.play({"say": words})
    assert said(response), "it is answered"
    assert not {"unsure", "out_of_scope", "back_to_matter"} & set(said(response))
    assert not _done(response)
    if state.startswith("survey"):
        (effect,) = response["effects"]
        assert (effect["type"], effect["back"]) == ("ask_survey", True)
        assert player.position == max(1, position - 1)
    else:
        assert where(player) == BACK.get(state, "nothing"), said(response)


async def test_several_steps_back_and_another_way(engine: Engine) -> None:
    """From the confirmation back to the place and to the matter, and on with new ones."""
    player = Player(engine)
    for turn in (
        {"say": "我要反映问题"},
        RUBBISH,
        {"say": "锦绣小区", "entities": {"place": "锦绣小区"}},
    ):
        await player.play(turn)
    assert where(player) == "form: confirm"
    await player.play({"say": "上一步"})
    assert where(player) == "form: place"
    await player.play({"say": "上一步"})
    assert where(player) == "form: what"
    await player.play({"say": "楼道的灯坏了没人修"})
    await player.play({"say": "河滨花园", "entities": {"place": "河滨花园"}})
    response = await player.play({"say": "对"})
    (effect,) = response["effects"]
    assert (effect["text"], effect["place"]) == ("楼道的灯坏了没人修", "河滨花园")


def _done(response: dict[str, Any]) -> list[str]:
    """Effects that change something outside the dialogue."""
    harmless = {"ask_survey", "show_progress", "show_guide", "decline_survey"}
    return [one["type"] for one in response["effects"] if one["type"] not in harmless]


def _without_count(draft: dict[str, Any] | None) -> dict[str, Any] | None:
    """How often the question was put again, and the message that asked for help, do not count."""
    if draft is None:
        return None
    return {name: value for name, value in draft.items() if name not in ("asked", "messages")}
