"""The dialogue as Rasa actions: slots in, events out. Rasa's rules decide which of them answers;
nothing here but the three slots is remembered."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import (
    additions,
    awaited,
    either_or,
    existing,
    guide,
    hand_over,
    rating,
    subscription,
    survey,
)
from actions.additions import soon_after_filing
from actions.answers import gives_up, is_anonymous, is_lonely
from actions.company import keep_company
from actions.continuing import carry_on, unsure
from actions.draft import Draft
from actions.outcome import Outcome
from actions.petition_form import run_form
from actions.turn import Turn, read_turn
from actions.words import named

FORM = "petition_form"


class DialogueAction(Action, ABC):
    """Reads the turn, lets `respond` decide, writes replies, effects and slots."""

    @abstractmethod
    def respond(self, turn: Turn, out: Outcome) -> Outcome:
        """Answer; `out` holds what is remembered."""

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        remembered = Outcome(
            draft=Draft.from_slot(tracker.get_slot("draft")),
            awaiting=tracker.get_slot("awaiting"),
            survey=tracker.get_slot("survey"),
        )
        turn, remembered_survey = read_turn(tracker.latest_message), remembered.survey
        out = remembered
        if not survey.answer(turn, out):
            out = self.respond(turn, remembered)
            out.survey = remembered_survey
            survey.take_up_again(turn, out)
        asked = tracker.get_slot("awaiting")
        if out.awaiting == asked and either_or.picked(turn, asked):
            out.awaiting = None  # answered: the words kept belong to nothing that follows
        for piece in [*out.replies, *out.effects]:
            dispatcher.utter_message(json_message=piece)
        return _events(out, tracker)


def _events(out: Outcome, tracker: Tracker) -> list[EventType]:
    """Only what changed. The form is open while there is a draft, or to begin one this turn."""
    draft = out.draft.to_slot() if out.draft else None
    loop = FORM if draft is not None or out.open_form else None
    events: list[EventType] = []
    if draft != tracker.get_slot("draft"):
        events.append(SlotSet("draft", draft))
    if out.survey != tracker.get_slot("survey"):
        events.append(SlotSet("survey", out.survey))
    if out.awaiting != tracker.get_slot("awaiting"):
        events.append(SlotSet("awaiting", out.awaiting))
    if loop != (tracker.active_loop or {}).get("name"):
        events.append(ActiveLoop(loop))
    return events


class PetitionForm(DialogueAction):
    """Overrides Rasa's own form action of that name (the documented way)."""

    def name(self) -> str:
        return FORM

    def respond(self, turn: Turn, out: Outcome) -> Outcome:
        return run_form(turn, out.draft, out.awaiting)


class ActionContinue(DialogueAction):
    def name(self) -> str:
        return "action_continue"

    def respond(self, turn: Turn, out: Outcome) -> Outcome:
        return carry_on(turn, out.awaiting)


class ActionShowProgress(DialogueAction):
    def name(self) -> str:
        return "action_show_progress"

    def respond(self, turn: Turn, out: Outcome) -> Outcome:
        if existing.asks_for_progress(turn):
            existing.show_progress(turn, out)
        else:
            unsure(turn, out)
        return out


class ActionRemind(DialogueAction):
    def name(self) -> str:
        return "action_remind"

    def respond(self, turn: Turn, out: Outcome) -> Outcome:
        if not awaited.answer(turn, out):
            existing.remind(turn, out)
        return out


class ActionWithdraw(DialogueAction):
    def name(self) -> str:
        return "action_withdraw"

    def respond(self, turn: Turn, out: Outcome) -> Outcome:
        if awaited.answer(turn, out):
            return out
        if turn.open_petitions or gives_up(turn):
            existing.withdraw(turn, out)
        else:
            unsure(turn, out)  # '就是上次那个事': nothing is open, and no word of taking back
        return out


class ActionAskRating(DialogueAction):
    def name(self) -> str:
        return "action_ask_rating"

    def respond(self, turn: Turn, out: Outcome) -> Outcome:
        rating.ask(turn, out)
        return out


class ActionThank(DialogueAction):
    def name(self) -> str:
        return "action_thank"

    def respond(self, turn: Turn, out: Outcome) -> Outcome:
        # '挺好，谢谢你们' may be the rating we asked for.
        if not awaited.answer(turn, out):
            out.say("thank")
        return out


class ActionPrivacy(DialogueAction):
    def name(self) -> str:
        return "action_privacy"

    def respond(self, turn: Turn, out: Outcome) -> Outcome:
        out.say("privacy")
        if is_anonymous(turn.text):
            out.awaiting = {"for": "unnamed"}
        return out


class ActionHelp(DialogueAction):
    def name(self) -> str:
        return "action_help"

    def respond(self, turn: Turn, out: Outcome) -> Outcome:
        # '要多少钱' after an entry of the guide asks about that entry.
        about_an_entry = out.awaiting is not None and out.awaiting["for"] == "guide"
        if not (about_an_entry and awaited.answer(turn, out)):
            out.say("help")
        return out


class ActionShowGuide(DialogueAction):
    def name(self) -> str:
        return "action_show_guide"

    def respond(self, turn: Turn, out: Outcome) -> Outcome:
        if awaited.answer(turn, out):
            return out
        if guide.knows_none(turn) and named("kinds", turn.text) == "praise":
            out.open_form = True  # '办事窗口的小李要表扬' names an office and asks nothing of it
        else:
            guide.show(turn, out)
        return out


class ActionHandOver(DialogueAction):
    def name(self) -> str:
        return "action_hand_over"

    def respond(self, turn: Turn, out: Outcome) -> Outcome:
        if soon_after_filing(turn, out.awaiting) and turn.entities.get("phone"):
            # '138…你们打电话来': asked for a contact, they give one.
            additions.add(turn, out)
        elif is_lonely(turn.text):
            keep_company(turn, out)
        else:
            hand_over.hand_over(turn, out)
        return out


class ActionOptOut(DialogueAction):
    def name(self) -> str:
        return "action_opt_out"

    def respond(self, turn: Turn, out: Outcome) -> Outcome:
        subscription.opt_out(turn, out)
        return out


class ActionOptIn(DialogueAction):
    def name(self) -> str:
        return "action_opt_in"

    def respond(self, turn: Turn, out: Outcome) -> Outcome:
        subscription.opt_in(turn, out)
        return out
