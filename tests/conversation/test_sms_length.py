"""No text message of ours is longer than two parts: whatever is filled in, with its options, and
with the longest signature in front."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
import yaml

from backend.conversation.guide_effect import ANOTHER, MORE
from backend.conversation.parameters import parameters, shortened
from backend.conversation.texts import Reply, Texts
from backend.deployment.reply_wording import LONGEST_SIGNATURE
from channels.sms.segmentation import count_parts
from channels.sms.signature import read_signature, signed

ROOT = Path(__file__).resolve().parents[2]
TEXTS = Texts.load(ROOT / "data" / "texts" / "replies.yml")
WORDS = yaml.safe_load((ROOT / "actions" / "words.yml").read_text(encoding="utf-8"))
LABELS = WORDS["labels"]
SIGNATURE = read_signature("县" * 20)
NUMBER = "20261123-0001-7"
# What an official wrote, and saw how many parts it makes.
BY_OFFICIALS = ("survey_invitation", "survey_choice", "survey_number", "survey_text", "resent",
                "answer_to_petition", "progress_resolved", "progress_closed")  # fmt: skip


def labels(*names: str) -> Sequence[str]:
    return [LABELS[name].format(number=NUMBER, title="长" * 12) for name in names]


# Under which text which options stand, those of the most where they differ.
OPTIONS: Mapping[str, Sequence[str]] = {
    "ask_correction": labels("edit_place", "edit_what", "keep"),
    "ask_another_matter": labels("submit_first", "same_matter", "only_this"),
    "ask_two_matters": labels("separate", "one_matter"),
    "offer_human": labels("drop", "human"),
    "ask_place": labels("no_place"),
    "ask_place_home": ["长" * 24, *labels("no_place")],
    "ask_place_near": ["长" * 24, *labels("no_place")],
    "progress_none_raise": labels("raise"),
    "confirm_petition": labels("submit", "edit", "drop"),
    "confirm_again": labels("submit", "edit", "drop", "human"),
    "ask_join": labels("join", "file_alone"),
    "ask_add_or_new": labels("add_number", "new_matter"),
    "unsure": labels("raise", "progress", "human"),
    "either_or": sorted(WORDS["meanings"].values(), key=len)[-2:],
    "which_to_remind": labels("petition") * 3,
    "which_to_withdraw": labels("petition") * 3,
    "confirm_withdrawal": labels("withdraw", "do_not_withdraw"),
    "ask_rating": labels(*(f"level_{level}" for level in range(1, 6))),
    "ask_rating_comment": labels("no_comment"),
    "ask_opt_in": labels("opt_in", "no_need"),
    "survey_offer_petition": labels("raise", "no_need"),
    "guide_unknown": labels("inquire", "human", "no_need"),
    "guide_other": labels("inquire", "human", "no_need"),
    "guide_entry": [MORE, ANOTHER],
    "company": labels("visit", "no_need"),
    "listening": labels("visit", "no_need"),
}
# Said in one message.
TOGETHER = (
    *(((key, "emergency_where")) for key in sorted(TEXTS.keys()) if key.startswith("emergency_")),
    ("petition_filed", "invite_more"),
    ("petition_joined", "invite_more"),
    ("media_kept", "confirm_again"),
    ("calm", "ask_place"),
    ("help_short", "ask_place_home"),
    ("too_long", "confirm_petition"),
    ("progress_none", "offer_resend"),
    *((f"progress_{state}", "progress_others")
      for state in ("received", "accepted", "dispatched", "in_progress", "withdrawn")),
)  # fmt: skip


def reply(key: str) -> Reply:
    """Filled in with far more than fits; what is said whole, as usual."""
    params = {
        name: one.usual if one.limit(key) is None else "长" * 300
        for name, one in parameters().items()
    }
    options = [{"label": label, "payload": ""} for label in OPTIONS.get(key, ())]
    return Reply(key, params, options)


def parts(*keys: str) -> int:
    return count_parts(signed(TEXTS.render([reply(key) for key in keys], "sms"), SIGNATURE))


@pytest.mark.parametrize("key", sorted(TEXTS.keys() - set(BY_OFFICIALS)))
def test_every_text_fits_two_parts(key: str) -> None:
    assert parts(key) <= 2


@pytest.mark.parametrize("key", BY_OFFICIALS)
def test_what_officials_wrote_leaves_room_for_what_is_usual(key: str) -> None:
    whole = [name for name, one in parameters().items() if one.limit(key) is None]
    assert whole
    assert parts(key) <= 2


@pytest.mark.parametrize("keys", TOGETHER, ids="+".join)
def test_what_is_said_in_one_message_fits_two_parts(keys: Sequence[str]) -> None:
    if keys[0] != keys[1]:
        assert parts(*keys) <= 2


def _keys_with_options() -> Iterator[str]:
    for file in sorted((ROOT / "actions").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or len(node.args) < 2:
                continue
            if isinstance(node.func, ast.Attribute) and node.func.attr == "say":
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    yield str(first.value)


def test_the_options_of_every_question_are_known_here() -> None:
    found = set(_keys_with_options())
    assert len(found) > 10
    assert found <= set(OPTIONS)


def test_the_signature_is_no_longer_than_what_is_left_for_it() -> None:
    assert len(f"【{SIGNATURE}】") == LONGEST_SIGNATURE
    with pytest.raises(ValueError, match="signature"):
        read_signature("县" * 21)


@pytest.mark.parametrize(
    ("text", "longest", "short"),
    [
        ("短", 5, "短"),
        ("刚好五个字", 5, "刚好五个字"),
        ("没有停顿的一长句话", 5, "没有停顿…"),
        ("下水道堵了，污水漫到楼道里", 8, "下水道堵了…"),
        ("对，下水道堵了污水漫到楼道里", 8, "对，下水道堵了…"),
        ("20261123-0001-7、20261123-0002-5、2026", 35, "20261123-0001-7、20261123-0002-5…"),
    ],
)  # fmt: skip
def test_cut_where_the_writer_paused(text: str, longest: int, short: str) -> None:
    assert shortened(text, longest) == short
    assert len(shortened(text, longest)) <= longest


def test_only_text_messages_are_cut() -> None:
    place = "柳湾镇锦绣小区三期南门进去第二栋右手边的配电房旁边"
    said = [TEXTS.render([Reply("petition_dispatched", {"number": NUMBER, "title": place,
                          "office": "城建办", "deadline": "12月1日"})], look)
            for look in ("wechat", "sms")]  # fmt: skip
    assert place in said[0]
    assert place not in said[1]
    assert "柳湾镇锦绣小区" in said[1]
