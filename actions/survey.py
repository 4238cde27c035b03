"""A survey pushed to the citizen: its answers are read beside everything else, whatever else they
want is done first, and then the open question stands there again, once per contact."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from actions.existing import number_asked_for
from actions.outcome import Outcome, option
from actions.prompts import shortened
from actions.survey_reading import LONG, Answer, Unclear, read_answer, says
from actions.turn import UNSURE, Survey, Turn
from actions.words import bare

CONTACT = timedelta(hours=2)
"""Within this time the open question is repeated once at most."""
CLARIFIED = 2
"""How often the same question is asked closer; then the words are taken for something else."""
CONTINUED = timedelta(minutes=3)
"""How long after an answer in their own words more of it may follow."""
SHORT = 6
"""Characters up to which a greeting or a thank-you is nothing more."""

OTHER_BUSINESS = frozenset({"check_progress", "start_petition", "ask_human", "opt_in", "opt_out"})
ABOUT_A_PETITION = frozenset({"remind", "withdraw"})
COURTESIES = frozenset({"greet", "thank", "help", "ask_privacy", "ask_identity"})
ASKED_CLOSER = frozenset(
    {UNSURE, "inform", "affirm", "deny", "choose", "rate", "dont_know", "nothing_more", "correct"}
    | {"out_of_scope", "add_details"}
)
LEFT_ALONE = frozenset({"hand_over", "opt_out", "answer_survey", "ask_survey", "decline_survey"})


def answer(turn: Turn, out: Outcome) -> bool:
    """True if this turn was about the survey, and is answered."""
    if out.draft is not None or turn.kind not in ("text", "voice"):
        return False
    if turn.chosen is not None:
        return _chosen(turn, out)
    survey = turn.survey
    if survey is None:
        return _continues(turn, out, None)
    if says("decline", turn.text):
        _decline(survey, out)
        return True
    if not survey.shown:
        return _comes_back(turn, survey, out)
    return _answers(turn, survey, out) or _continues(turn, out, survey)


def take_up_again(turn: Turn, out: Outcome) -> None:
    """After something else: the open question once more, unless it would be the second time."""
    survey = turn.survey
    if survey is None or not survey.open or turn.kind in ("internal", "event"):
        return
    if out.draft is not None or out.open_form or _asks_something(out):
        return
    if any(effect["effect"]["type"] in LEFT_ALONE for effect in out.effects):
        return
    if turn.intent in ("abuse", "ask_human", "opt_out") or _repeated_lately(turn, survey, out):
        return
    # One thing at a time.
    out.replies = [one for one in out.replies if one.get("reply", {}).get("key") != "invite_more"]
    _ask(turn, survey, out, resumed=True)


def _chosen(turn: Turn, out: Outcome) -> bool:
    chosen = turn.chosen or {}
    if not {"survey", "position", "option"} <= set(chosen):
        return False
    _record(turn, out, chosen["survey"], chosen["position"], Answer(option=chosen["option"]))
    return True


def _comes_back(turn: Turn, survey: Survey, out: Outcome) -> bool:
    """'继续', or a bare '2' to a question shown long ago: show it again instead of guessing."""
    bare_answer = len(bare(turn.text)) <= SHORT and (
        bare(turn.text).isdigit() or bare(turn.text) in [bare(label) for label in survey.options]
    )
    if not says("go_on", turn.text) and not (bare_answer and out.awaiting is None):
        return False
    _ask(turn, survey, out, resumed=True)
    return True


def _answers(turn: Turn, survey: Survey, out: Outcome) -> bool:
    if says("go_on", turn.text):
        _ask(turn, survey, out, resumed=True)
        return True
    if turn.intent == "go_back":
        out.do("ask_survey", survey=survey.id, resumed=False, back=True)
        return True
    read = read_answer(turn, survey)
    if survey.type == "text" and read is None and not _plainly_else(turn):
        read = Answer(in_words=True)
    if isinstance(read, Answer):
        _record(turn, out, survey.id, survey.position, read)
        return True
    if _plainly_else(turn) or turn.intent == "raise_petition" or _more_of_a_text(turn, out):
        return False
    if read is None and (turn.intent not in ASKED_CLOSER or len(bare(turn.text)) > LONG):
        return False
    return _ask_closer(turn, survey, read, out)


def _plainly_else(turn: Turn) -> bool:
    """Something the citizen wants of us, which is no answer to any question."""
    if turn.media or number_asked_for(turn):
        return True
    if turn.intent in OTHER_BUSINESS:
        return True
    if turn.intent in ABOUT_A_PETITION:
        return bool(turn.open_petitions)
    return turn.intent in COURTESIES and len(bare(turn.text)) <= SHORT


def _record(turn: Turn, out: Outcome, survey_id: int, position: int, read: Answer) -> None:
    out.do("answer_survey", survey=survey_id, position=position, **read.fields())
    memory = _memory(out, survey_id)
    kept: dict[str, Any] = {"id": survey_id}
    if memory.get("raise"):
        kept["raise"] = memory["raise"]
    if read.in_words:
        kept["text"] = {"position": position, "at": turn.now.isoformat()}
        if turn.intent == "raise_petition":
            kept["raise"] = {"text": turn.text, "messages": list(turn.ids)}
    out.survey = kept
    if turn.survey is not None and turn.survey.open and position == turn.survey.total:
        _offer_petition(turn, out)


def _offer_petition(turn: Turn, out: Outcome) -> None:
    """What they wrote asks for something to be done: shall we raise it? After the last question,
    so that a '1' has one meaning."""
    raised = (out.survey or {}).pop("raise", None)
    if raised is None:
        return
    out.say(
        "survey_offer_petition",
        option("raise", "/raise_petition"),
        option("no_need", "/nothing_more"),
        text=shortened(raised["text"], "sms"),
    )
    out.awaiting = {
        "for": "held",
        "text": raised["text"],
        "messages": raised["messages"],
        "since": None,
        "phone": None,
    }


def _decline(survey: Survey, out: Outcome) -> None:
    out.do("decline_survey", survey=survey.id)
    out.survey = None


def _ask(turn: Turn, survey: Survey, out: Outcome, *, resumed: bool) -> None:
    out.do("ask_survey", survey=survey.id, resumed=resumed)
    out.survey = {
        **_memory(out, survey.id),
        "repeated": {"position": survey.position, "at": turn.now.isoformat()},
    }


def _ask_closer(turn: Turn, survey: Survey, read: Unclear | None, out: Outcome) -> bool:
    memory = _memory(out, survey.id)
    before = memory.get("closer") or {"position": survey.position, "times": 0}
    times = before["times"] + 1 if before["position"] == survey.position else 1
    if times > CLARIFIED:
        return False
    key = read.key if read else _closer_key(survey)
    if key == "survey_number_range":
        out.say(key, lowest=survey.lowest or 0, highest=_highest(survey))
    else:
        out.say(key)
    if survey.type in ("single", "scale"):
        _ask(turn, survey, out, resumed=False)
        memory = out.survey or memory
    out.survey = {**memory, "closer": {"position": survey.position, "times": times}}
    return True


def _memory(out: Outcome, survey_id: int) -> dict[str, Any]:
    """What is remembered of this survey; of another one nothing is."""
    return out.survey if out.survey and out.survey["id"] == survey_id else {"id": survey_id}


def _closer_key(survey: Survey) -> str:
    return "survey_say_number" if survey.type == "number" else "survey_say_option"


def _highest(survey: Survey) -> int:
    return 1_000_000 if survey.highest is None else survey.highest


def _more_of_a_text(turn: Turn, out: Outcome) -> bool:
    text = (out.survey or {}).get("text")
    if text is None or len(bare(turn.text)) <= 3:
        return False
    return turn.now - datetime.fromisoformat(text["at"]) <= CONTINUED


def _continues(turn: Turn, out: Outcome, survey: Survey | None) -> bool:
    """The rest of an answer in several messages, while the next question is no such answer."""
    memory = out.survey
    if memory is None or not _more_of_a_text(turn, out) or _plainly_else(turn):
        return False
    if survey is None and (turn.intent in ("raise_petition", *COURTESIES) or out.awaiting):
        return False
    position = memory["text"]["position"]
    out.do("answer_survey", survey=memory["id"], position=position, in_words=True, more=True)
    return True


def _repeated_lately(turn: Turn, survey: Survey, out: Outcome) -> bool:
    if not out.survey or out.survey["id"] != survey.id or "repeated" not in out.survey:
        return False
    return turn.now - datetime.fromisoformat(out.survey["repeated"]["at"]) <= CONTACT


def _asks_something(out: Outcome) -> bool:
    return any("prompt" in one.get("reply", {}) for one in out.replies) or (
        out.awaiting is not None and out.awaiting["for"] not in ("addition", "held")
    )
