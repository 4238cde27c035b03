"""What a survey says: complete, plain, and short enough for a text message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backend.conversation.texts import Texts
from backend.surveys.questions import Question, QuestionType, flaws
from backend.surveys.wording import (
    Invitation,
    closing_replies,
    question_replies,
    resumed_replies,
)

TEXTS = Texts.load(Path(__file__).resolve().parents[2] / "data" / "texts" / "replies.yml")
TWO_PARTS = 134
INVITATION = Invitation(
    7, "柳湾镇人民政府", "村里的路灯和垃圾清运", "您的回答只用来改进工作，不会公开您是谁。", 4
)
SINGLE = Question(
    QuestionType.SINGLE, "您家门口的垃圾多久有人来清一次？", ("每天", "两三天", "一星期", "很少来")
)
SCALE = Question(
    QuestionType.SCALE,
    "您对村里这半年的卫生满意吗？",
    ("非常不满意", "不满意", "一般", "满意", "非常满意"),
)
NUMBER = Question(QuestionType.NUMBER, "您家现在常住几口人？", lowest=0, highest=20, unit="口人")
TEXT = Question(QuestionType.TEXT, "您最希望村里先办哪一件事？")
QUESTIONS = (SINGLE, SCALE, NUMBER, TEXT)


def test_the_invitation_says_who_asks_how_much_and_how_to_stop() -> None:
    words = TEXTS.render(question_replies(INVITATION, SINGLE, 1), "wechat")
    for part in ("柳湾镇人民政府", "村里的路灯和垃圾清运", "不会公开您是谁", "4个问题", "退订"):
        assert part in words
    assert words.endswith("1 每天\n2 两三天\n3 一星期\n4 很少来")
    assert "退订" not in TEXTS.render(question_replies(INVITATION, SCALE, 2), "wechat")


def test_without_an_introduction_no_empty_line_stands_there() -> None:
    bare = Invitation(7, "柳湾镇", "卫生", "", 1)
    assert "\n\n" not in TEXTS.render(question_replies(bare, SINGLE, 1), "wechat")


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.type.value)
def test_every_question_says_how_to_answer_and_how_not_to(question: Question) -> None:
    assert flaws([question]) == []
    for look in ("wechat", "sms"):
        words = TEXTS.render(question_replies(INVITATION, question, 2), look)
        assert words.startswith(f"2/4 {question.text}")
        assert "跳过" in words
        assert ("数字" in words) is (question.type is not QuestionType.TEXT)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.type.value)
def test_a_usual_question_fits_two_parts_of_a_text_message(question: Question) -> None:
    first = TEXTS.render(question_replies(INVITATION, question, 1), "sms")
    again = TEXTS.render(resumed_replies(INVITATION, question, 2), "sms")
    assert len(first) <= TWO_PARTS
    assert len(again) <= TWO_PARTS


def test_what_is_said_around_the_longest_question_is_short() -> None:
    longest = Question(QuestionType.TEXT, "问" * 120)
    words = TEXTS.render(question_replies(INVITATION, longest, 2), "sms")
    assert len(words) - 120 <= 25


def test_options_name_their_survey_position_and_option() -> None:
    (asked,) = question_replies(INVITATION, SCALE, 3)
    intent, _, arguments = asked.options[4]["payload"].partition("{")
    assert intent == "/choose"
    assert json.loads("{" + arguments) == {"survey": 7, "position": 3, "option": 4}
    assert asked.asks


def test_a_resumed_question_says_how_much_is_left() -> None:
    words = TEXTS.render(resumed_replies(INVITATION, NUMBER, 2), "wechat")
    assert words.startswith("刚才的问卷还有3题")
    assert "（0到20口人）" in words


def test_thanks_say_who_gets_the_answers() -> None:
    assert "柳湾镇人民政府" in TEXTS.render(closing_replies(INVITATION), "sms")
