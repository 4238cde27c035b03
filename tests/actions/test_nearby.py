"""'是在…附近吗?': asked where the phone told where the citizen is, never taken for granted."""

from __future__ import annotations

from dataclasses import replace

from actions.petition_form import run_form
from actions.turn import Turn
from tests.actions.test_petition_form import keys
from tests.actions.told import turn

HERE = "柳河镇杨树沟村"
HOME = "城关镇南园社区"


def told(intent: str, text: str, *, nearby: str | None = HERE, **more: object) -> Turn:
    return replace(turn(intent, text, **more), nearby=nearby)


def test_the_place_is_offered_and_a_yes_takes_it() -> None:
    asked = run_form(told("raise_petition", "路灯坏了三天没人修"), None, None)
    assert keys(asked) == ["ask_place_near"]
    assert asked.draft is not None
    assert asked.draft.place is None
    labels = [one["label"] for one in asked.replies[0]["reply"]["prompt"]["options"]]
    assert labels[0] == HERE
    agreed = run_form(told("affirm", "是的"), asked.draft, asked.awaiting)
    assert agreed.draft is not None
    assert (agreed.draft.place, keys(agreed)) == (HERE, ["confirm_petition"])


def test_a_yes_means_the_place_that_was_asked_about_though_the_hint_is_gone() -> None:
    asked = run_form(told("raise_petition", "路灯坏了三天没人修", home=HOME), None, None)
    agreed = run_form(told("affirm", "是", nearby=None, home=HOME), asked.draft, asked.awaiting)
    assert agreed.draft is not None
    assert agreed.draft.place == HERE


def test_home_stands_beside_it_and_another_place_counts_more() -> None:
    asked = run_form(told("raise_petition", "路灯坏了三天没人修", home=HOME), None, None)
    options = asked.replies[0]["reply"]["prompt"]["options"]
    assert [one["label"] for one in options[:2]] == [HERE, HOME]
    other = told("inform", "不是，在上柳村", entities={"place": "上柳村"})
    out = run_form(other, asked.draft, asked.awaiting)
    assert out.draft is not None
    assert out.draft.place == "上柳村"


def test_who_named_the_place_is_not_asked() -> None:
    said = told("raise_petition", "上柳村的路灯坏了三天", entities={"place": "上柳村"})
    assert keys(run_form(said, None, None)) == ["confirm_petition"]
