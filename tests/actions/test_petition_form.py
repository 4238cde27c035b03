"""The form's state machine by itself: what is kept, what is asked, what is filed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.draft import IDS_LIMIT, TEXT_LIMIT, Draft
from actions.outcome import Outcome
from actions.petition_form import STAGES, run_form
from tests.actions.told import turn

DOMAIN = Path(__file__).resolve().parents[2] / "bot" / "domain.yml"
INTENTS = yaml.safe_load(DOMAIN.read_text(encoding="utf-8"))["intents"]
OPEN = {"number": "20261120-0001-3", "title": "路灯不亮", "state": "dispatched"}


def confirming(**more: Any) -> Draft:
    return Draft(stage="confirm", words=["下水道堵了"], messages=[1], place="锦绣小区3号楼", **more)


def keys(out: Outcome) -> list[str]:
    return [piece["reply"]["key"] for piece in out.replies if "reply" in piece]


def effects(out: Outcome) -> list[dict[str, Any]]:
    return [piece["effect"] for piece in out.effects]


@pytest.mark.parametrize(
    ("old", "new", "whole"),
    [
        ("锦绣小区3号楼", "5号楼", "锦绣小区5号楼"),
        ("锦绣小区3号楼2单元", "5号楼", "锦绣小区5号楼"),
        ("锦绣小区3号楼2单元", "4单元", "锦绣小区3号楼4单元"),
        ("柳湾镇向阳村二组", "三组", "柳湾镇向阳村三组"),
        ("锦绣小区", "5号楼", "5号楼"),
        ("3号楼", "5号楼", "5号楼"),
        ("锦绣小区3号楼", "和平小区", "和平小区"),
        (None, "5号楼", "5号楼"),
    ],
)
def test_a_unit_named_anew_keeps_what_stands_before_it(
    old: str | None, new: str, whole: str
) -> None:
    draft = Draft(place=old, place_code="370123")
    draft.put_place(new, None)
    assert draft.place == whole


def test_a_division_code_is_kept_while_the_village_stays_the_same() -> None:
    draft = Draft(place="柳湾镇向阳村二组", place_code="370123104205")
    draft.put_place("三组", None)
    assert draft.place_code == "370123104205"
    draft.put_place("青石镇", "370123105")
    assert draft.place_code == "370123105"
    draft.put_place("不知名的巷子", None)
    assert draft.place_code is None


def test_a_chosen_option_is_no_part_of_the_petition() -> None:
    out = run_form(turn("affirm", "1", choice="/affirm", ids=[9]), confirming(), None)
    (filed,) = effects(out)
    assert (filed["text"], filed["messages"]) == ("下水道堵了", [1])
    assert out.draft is None
    assert out.awaiting is not None
    assert out.awaiting["for"] == "addition"


def test_the_citizen_names_the_kind_else_triage_decides() -> None:
    begun = run_form(turn("start_petition", "我要表扬一个人"), None, None)
    assert begun.draft is not None
    assert begun.draft.kind == "praise"
    told = run_form(turn("raise_petition", "路灯不亮", entities={"place": "东街"}), None, None)
    assert told.draft is not None
    assert told.draft.kind is None


def test_nothing_is_lost_past_the_limits() -> None:
    draft = confirming()
    for i in range(2, IDS_LIMIT + 20):
        out = run_form(turn("add_details", "还有水" * 40, ids=[i]), draft, None)
        assert out.draft is not None
        draft = out.draft
    assert len(draft.text) < TEXT_LIMIT
    assert "too_long" in keys(out)
    assert draft.messages[-1] == IDS_LIMIT + 19
    assert len(draft.messages) == IDS_LIMIT


@pytest.mark.parametrize("text", ["还行", "挺好的", "不错"])
def test_contented_words_confirm(text: str) -> None:
    out = run_form(turn("rate", text), confirming(), None)
    assert [one["type"] for one in effects(out)] == ["file_petition"]


def test_discontented_words_do_not_confirm() -> None:
    out = run_form(turn("rate", "太差了"), confirming(), None)
    assert effects(out) == []
    assert keys(out) == ["confirm_again"]


def test_held_words_return_when_the_option_is_chosen() -> None:
    held = {"for": "held", "text": "臭死了", "messages": [7], "since": None, "phone": None}
    out = run_form(turn("raise_petition", "1", choice="/raise_petition", ids=[8]), None, held)
    assert out.draft is not None
    assert (out.draft.words, out.draft.messages) == (["臭死了"], [7])


def test_words_shown_are_shortened_but_filed_whole() -> None:
    story = "下水道堵了" * 60
    out = run_form(
        turn("raise_petition", story, entities={"place": "东街"}, channel="sms"), None, None
    )
    shown = out.replies[0]["reply"]["params"]["text"]
    assert len(shown) == 40
    assert shown.endswith("…")
    assert out.draft is not None
    assert out.draft.text == story


def test_a_draft_returns_from_its_slot_as_it_was() -> None:
    draft = confirming(since="一个月", phone="13800001111", media=2, asked=1, kind="request")
    assert Draft.from_slot(draft.to_slot()) == draft


SAID = st.builds(
    turn,
    st.sampled_from(INTENTS),
    st.sampled_from(
        [
            "",
            "对",
            "不对",
            "改地点",
            "同一件事",
            "另一件",
            "路灯不亮三天了没人管",
            "5号楼",
            "呵呵",
            "水" * 30,
        ]
    ),
    ids=st.lists(st.integers(1, 50), min_size=1, max_size=2),
    media=st.integers(0, 2),
    kind=st.sampled_from(["text", "image", "location", "event"]),
    entities=st.dictionaries(
        st.sampled_from(["place", "time", "phone", "petition_number"]),
        st.sampled_from(["锦绣小区3号楼", "5号楼", "13800001111"]),
    ),
    petitions=st.sampled_from([[], [OPEN], [OPEN, {**OPEN, "number": "20261119-0002-1"}]]),
    home=st.sampled_from([None, "柳湾镇向阳村"]),
    choice=st.sampled_from(
        [
            None,
            None,
            '/choose{"field":"place","value":"柳湾镇"}',
            '/choose{"field":"place"}',
            '/choose{"field":"what"}',
            '/choose{"field":"nothing"}',
            '/choose{"field":"matter","value":"same"}',
            '/choose{"field":"matter","value":"other"}',
            '/choose{"field":"matter","value":"only"}',
            '/rate{"level":3,"number":"20261120-0001-3"}',
            "/affirm",
        ]
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(SAID, min_size=1, max_size=12))
def test_whatever_is_said_the_form_answers_and_files_only_what_is_whole(said: list[Any]) -> None:
    draft: Draft | None = None
    awaiting: dict[str, Any] | None = None
    for one in said:
        out = run_form(one, draft, awaiting)
        assert out.replies or one.is_silent_event
        filed = [effect for effect in effects(out) if effect["type"] == "file_petition"]
        assert len(filed) <= 1
        for effect in filed:
            assert effect["text"].strip()
            assert effect["place"].strip()
        ids = [effect["id"] for effect in effects(out)]
        assert len(ids) == len(set(ids))
        if out.draft:
            assert out.draft.stage in STAGES
            assert Draft.from_slot(out.draft.to_slot()) == out.draft
        draft, awaiting = out.draft, out.awaiting
