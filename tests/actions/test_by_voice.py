"""A voice without recognised words begins a petition; nothing is asked of whoever cannot write."""

from __future__ import annotations

from typing import Any

import pytest

from actions.continuing import carry_on
from actions.draft import Draft
from actions.petition_form import run_form
from actions.turn import Turn
from tests.actions.test_petition_form import effects, keys
from tests.actions.told import turn

OPEN = {"number": "20261120-0001-3", "title": "路灯不亮", "state": "dispatched"}


def voice(**more: Any) -> Turn:
    return turn("send_media", kind="voice", **{"media": 1, "ids": [7], **more})


def test_a_voice_alone_is_filed_at_once() -> None:
    assert carry_on(voice(), None).open_form
    out = run_form(voice(), None, None)
    (filed,) = effects(out)
    assert filed["type"] == "file_petition"
    assert filed["by_voice"] is True
    assert filed["messages"] == [7]
    assert (filed["text"], filed["place"]) == ("（语音留言，请听录音）", "地点不详")
    assert out.draft is None
    assert keys(out) == []  # the app says what became of it


def test_words_that_follow_say_what_it_is_about() -> None:
    awaiting = run_form(voice(), None, None).awaiting
    placeless = {**OPEN, "placeless": True}
    where = turn(
        "raise_petition", "我在杨树沟村", entities={"place": "杨树沟村"}, petitions=[placeless]
    )
    out = run_form(where, None, awaiting)
    (added,) = effects(out)
    assert (added["type"], added["place"]) == ("add_to_petition", "杨树沟村")
    what = turn("raise_petition", "路灯坏了三天没人修", petitions=[OPEN])
    (added,) = effects(run_form(what, None, out.awaiting))
    assert (added["type"], added["text"]) == ("add_to_petition", "路灯坏了三天没人修")
    done = carry_on(turn("nothing_more", "没有了", petitions=[OPEN]), out.awaiting)
    assert (keys(done), effects(done), done.awaiting) == (["all_done"], [], None)


@pytest.mark.parametrize(
    "later",
    [
        {"now": "2026-11-23T09:31:00+08:00"},  # half an hour later
        {"intent": "start_petition"},
    ],
)
def test_later_or_announced_as_another_it_is_another(later: dict[str, Any]) -> None:
    awaiting = run_form(voice(), None, None).awaiting
    intent = later.pop("intent", "raise_petition")
    out = run_form(turn(intent, "另外楼上天天装修", petitions=[OPEN], **later), None, awaiting)
    assert out.draft is not None
    assert effects(out) == []


def test_more_of_it_belongs_to_what_was_just_filed() -> None:
    filed = run_form(voice(), None, None)
    out = carry_on(voice(ids=[8], petitions=[OPEN]), filed.awaiting)
    (added,) = effects(out)
    assert (added["type"], added["number"], added["messages"]) == (
        "add_to_petition",
        OPEN["number"],
        [8],
    )


def test_later_it_is_a_new_matter_even_where_another_is_open() -> None:
    out = run_form(voice(petitions=[OPEN]), None, None)
    assert [one["type"] for one in effects(out)] == ["file_petition"]


def test_after_a_photo_or_the_wish_to_raise_something_both_are_filed() -> None:
    photo = run_form(turn("send_media", kind="image", media=1, ids=[5]), None, None)
    assert keys(photo) == ["ask_what_photo"]
    (filed,) = effects(run_form(voice(), photo.draft, photo.awaiting))
    assert filed["messages"] == [5, 7]
    report = run_form(turn("start_petition", "我要举报", ids=[5]), None, None)
    (filed,) = effects(run_form(voice(), report.draft, report.awaiting))
    assert filed["kind"] == "report"


@pytest.mark.parametrize(("stage", "place"), [("place", None), ("confirm", "锦绣小区3号楼")])
def test_amid_a_matter_it_goes_with_it_and_the_question_stays(
    stage: str, place: str | None
) -> None:
    draft = Draft(stage=stage, words=["下水道堵了"], messages=[1], place=place)
    out = run_form(voice(), draft, None)
    assert keys(out)[0] == "voice_kept"
    assert out.draft is not None
    assert (out.draft.stage, out.draft.messages, out.draft.text) == (stage, [1, 7], "下水道堵了")
    assert effects(out) == []


def test_recognised_words_are_words() -> None:
    said = turn("raise_petition", "村口的路灯坏了三天", kind="voice", media=1, ids=[7])
    out = run_form(said, None, None)
    assert out.draft is not None
    assert (out.draft.text, out.draft.messages) == ("村口的路灯坏了三天", [7])
