"""What a survey says to citizens: invitation, questions, thanks. Pure; the words themselves stand
in data/texts/replies.yml."""

from __future__ import annotations

import json
from dataclasses import dataclass

from backend.conversation.texts import Reply
from backend.surveys.questions import GREATEST_NUMBER, LEAST_NUMBER, Question, QuestionType

# All keys of this room begin so; a prompt of such a key is a survey's question.
SURVEY_KEYS = "survey_"
QUESTION_KEYS = {
    QuestionType.SINGLE: "survey_choice",
    QuestionType.SCALE: "survey_choice",
    QuestionType.NUMBER: "survey_number",
    QuestionType.TEXT: "survey_text",
}


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who asks and what about. `total`: how many questions."""

    survey_id: int
    org: str
    title: str
    introduction: str
    total: int


def question_replies(invitation: Invitation, question: Question, position: int) -> list[Reply]:
    """The question at `position` (from 1) as it is asked in its turn; the invitation stands before
    the first."""
    asked = question_reply(invitation, question, position)
    return [invitation_reply(invitation), asked] if position == 1 else [asked]


def resumed_replies(invitation: Invitation, question: Question, position: int) -> list[Reply]:
    """The open question once more, after something else was talked about."""
    left = invitation.total - position + 1
    return [
        Reply("survey_resumed", {"left": left}),
        question_reply(invitation, question, position),
    ]


def invitation_reply(invitation: Invitation) -> Reply:
    introduction = invitation.introduction.strip()
    return Reply(
        "survey_invitation",
        {
            "org": invitation.org,
            "title": invitation.title,
            "introduction": f"{introduction}\n" if introduction else "",
            "total": invitation.total,
        },
    )


def question_reply(invitation: Invitation, question: Question, position: int) -> Reply:
    """One question with its options, whose payloads name survey, position and option (from 0)."""
    options = [
        {"label": label, "payload": choice(invitation.survey_id, position, index)}
        for index, label in enumerate(question.options)
    ]
    params: dict[str, str | int | None] = {
        "position": position,
        "total": invitation.total,
        "text": question.text,
    }
    if question.type is QuestionType.NUMBER:
        params["range"] = _range(question)
    return Reply(QUESTION_KEYS[question.type], params, options, asks=True)


def closing_replies(invitation: Invitation) -> list[Reply]:
    """Thanks after the last answer."""
    return [Reply("survey_done", {"org": invitation.org})]


def choice(survey_id: int, position: int, option: int) -> str:
    """The payload of an option, as the bot's prompts have theirs."""
    chosen = {"survey": survey_id, "position": position, "option": option}
    return "/choose" + json.dumps(chosen)


def _range(question: Question) -> str:
    """'（0到20人）', '（单位：元）', or nothing where any number will do."""
    lowest = LEAST_NUMBER if question.lowest is None else question.lowest
    highest = GREATEST_NUMBER if question.highest is None else question.highest
    if (lowest, highest) != (LEAST_NUMBER, GREATEST_NUMBER):
        return f"（{lowest}到{highest}{question.unit}）"
    return f"（单位：{question.unit}）" if question.unit else ""
