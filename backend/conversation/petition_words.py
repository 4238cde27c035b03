"""From what became of a petition to what is said about it: keys and parameters, no wording."""

from __future__ import annotations

from datetime import date
from functools import singledispatch

from backend.conversation.texts import Reply
from backend.petitions import followup
from backend.petitions.citizen_act import NotFound, NotPossible
from backend.petitions.filing import Filed
from backend.petitions.progress import PhoneNeeded, Progress, TooManyTries


def day(value: date | None) -> str:
    """'12月1日', '' where there is none."""
    return f"{value.month}月{value.day}日" if value else ""


def filed_words(filed: Filed, emergency: str | None) -> list[Reply]:
    """The number, the office and the date; for an emergency first whom to call now."""
    params = {"number": filed.number, "office": filed.office_name, "deadline": day(filed.due_on)}
    if emergency:
        return [Reply(f"emergency_{emergency}", {"number": filed.number})]
    return [Reply("petition_filed" if filed.office_name else "petition_filed_no_office", params)]


def by_voice_words(filed: Filed) -> Reply:
    """The number and the date. No office: nobody knows yet what the voice is about."""
    return Reply("petition_filed_by_voice", {"number": filed.number, "deadline": day(filed.due_on)})


def joined_words(number: str, office: str | None, due_on: date | None) -> Reply:
    """What was filed goes together with what others brought up: who has that, and until when."""
    key = "petition_joined" if office else "petition_joined_no_office"
    return Reply(key, {"number": number, "office": office, "deadline": day(due_on)})


@singledispatch
def words(result: object) -> list[Reply]:
    """What to say about a result of `backend.petitions`. Raises TypeError for a new one."""
    raise TypeError(f"no words for {type(result).__name__}")


@words.register
def _(result: Progress) -> list[Reply]:
    params = {
        "number": result.number,
        "title": result.title,
        "office": result.office_name,
        "deadline": day(result.due_on),
        "answer": result.answer,
    }
    return [Reply(f"progress_{result.state}" if result.own else "progress_of_another", params)]


@words.register
def _(result: NotFound) -> list[Reply]:
    if result.number is None:
        return [Reply("progress_none")]
    return [Reply("progress_not_found", {"number": result.number})]


@words.register
def _(result: PhoneNeeded) -> list[Reply]:
    key = "progress_wrong_phone" if result.wrong else "progress_need_phone"
    return [Reply(key, {"number": result.number})]


@words.register
def _(result: TooManyTries) -> list[Reply]:
    return [Reply("progress_too_many_tries", {"number": result.number})]


@words.register
def _(result: NotPossible) -> list[Reply]:
    return [Reply("not_possible_now", {"number": result.number})]


@words.register
def _(result: followup.Added) -> list[Reply]:
    return [Reply("petition_added", {"number": result.number})]


@words.register
def _(result: followup.Reminded) -> list[Reply]:
    params = {
        "number": result.number,
        "office": result.office_name,
        "deadline": day(result.due_on),
    }
    return [Reply("reminded" if result.counted else "reminded_today_already", params)]


@words.register
def _(result: followup.Withdrawn) -> list[Reply]:
    return [Reply("withdrawn", {"number": result.number})]


@words.register
def _(result: followup.Rated) -> list[Reply]:
    params = {
        "number": result.number,
        "office": result.office_name,
        "deadline": day(result.due_on),
    }
    return [Reply("rated_reopened" if result.reopened else "rated", params)]


@words.register
def _(result: followup.AlreadyRated) -> list[Reply]:
    return [Reply("already_rated", {"number": result.number})]


@words.register
def _(result: followup.ContactSet) -> list[Reply]:
    return [Reply("contact_saved", {"phone": result.masked_phone, "number": result.number})]


@words.register
def _(result: followup.BadPhone) -> list[Reply]:
    return [Reply("contact_bad_phone", {"number": result.number})]
