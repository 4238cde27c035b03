"""Surveys as officials read about them: states, sources, flaws, and what citizens will be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from aiohttp import web

from backend.organisation.roles import Permission, may
from backend.petitions.masking import mask_numbers
from backend.surveys.questions import Flaw, Question
from backend.surveys.wording import Invitation, closing_replies, question_replies
from backend.web.dependencies import WebDependencies
from backend.web.texts import OfficialTexts

SURVEY_TEXTS = web.AppKey("xiangyin_survey_texts", OfficialTexts)
UNWRITTEN = "（还没有写）"
DEAR_PARTS = 2  # more text messages than this for one question are pointed out


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message as a citizen gets it. `parts`: how many text messages it takes, 0 on WeChat."""

    words: str
    parts: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """The whole survey on both channels. `parts`: text messages for one person, all questions."""

    wechat: Sequence[Bubble]
    sms: Sequence[Bubble]

    @property
    def parts(self) -> int:
        return sum(bubble.parts for bubble in self.sms)

    @property
    def longest(self) -> int:
        return max((bubble.parts for bubble in self.sms), default=0)


def preview(
    deps: WebDependencies, invitation: Invitation, questions: Sequence[Question], sms_account: str
) -> Preview:
    """In the very words that will be sent; `sms_account` '' where no account sends text
    messages."""
    told = [
        question_replies(invitation, _complete(question), position)
        for position, question in enumerate(questions, 1)
    ]
    told.append(closing_replies(invitation))
    wechat = [Bubble(deps.texts.render(replies, "wechat")) for replies in told]
    texted = [deps.texts.render(replies, "sms") for replies in told]
    sms = [Bubble(words, deps.sms_parts(sms_account, words)) for words in texted]
    return Preview(wechat, sms)


def _complete(question: Question) -> Question:
    return replace(
        question,
        text=question.text or UNWRITTEN,
        lowest=None if question.lowest == -1 else question.lowest,
        highest=None if question.highest == -1 else question.highest,
    )


def flaw_words(words: OfficialTexts, flaws: Sequence[Flaw]) -> Mapping[str, str]:
    """Field's id → what is wrong with it: 'title', 'questions', 'q2-options'."""
    return {
        f"q{one.position}-{one.field}" if one.position else one.field: words.word(
            "flaws", one.problem
        ).format(field=words.word("fields", one.field))
        for one in reversed(flaws)
    }


def source_name(deps: WebDependencies, words: OfficialTexts, source: str) -> str:
    """'柳河镇红星村', '名单“老人.xlsx”'."""
    kind, _, rest = source.partition(":")
    if kind == "trial":
        return words.word("sources", kind)
    if kind == "list":
        return words.word("sources", "list").format(name=rest)
    division = deps.rules.catalogue.divisions.get(rest)
    if division is None:
        return rest
    above = deps.rules.catalogue.divisions.get(division.parent or "")
    return f"{above.name if above and above.level == 'township' else ''}{division.name}"


def shown_text(role: str, text: str) -> str:
    """What a citizen wrote; numbers in it are masked for those who may not see identities."""
    return text if may(role, Permission.SEE_IDENTITY) else mask_numbers(text)
