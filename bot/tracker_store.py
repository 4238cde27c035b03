"""The tracker store that stores nothing: the conversation comes with the turn and goes back.

The state is plain JSON and bounded: the events of the last turns, and everything older folded
into slot values and the loop under way. The whole history lives in the app's message log. What the
bot said, metadata and time stamps are left out: no rule looks at them.

    {"v": 1, "slots": {name: value}, "loop": null | {"name", "rejected", "interrupted"},
     "events": [Rasa event as JSON, …]}
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, SESSION_START_METADATA_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    Event,
    LoopInterrupted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses

STATE_VERSION = 1
KEPT_TURNS = 1
"""Whole turns kept besides the one under way; no rule may look back further (a test holds
bot/rules.yml to it)."""

_NOT_CARRIED = frozenset({SESSION_START_METADATA_SLOT})


class InvalidState(ValueError):
    """The state is none this bot gave out."""


class CarriedTrackerStore(TrackerStore):
    """Holds the trackers of the turns under way, by a sender id unique to each turn."""

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        self._held: dict[str, DialogueStateTracker] = {}

    def put(self, sender_id: str, state: dict[str, Any] | None) -> None:
        """Take in a conversation; None begins a new one. Raises InvalidState."""
        if state is not None:
            self._held[sender_id] = decode_state(state, sender_id, self.domain)

    def take(self, sender_id: str) -> DialogueStateTracker:
        """Give the conversation out and forget it. Raises KeyError if it was never saved."""
        return self._held.pop(sender_id)

    def drop(self, sender_id: str) -> None:
        """Forget the conversation if it is still there."""
        self._held.pop(sender_id, None)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Hold it until `take`."""
        self._held[tracker.sender_id] = tracker

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker put in, None for a new conversation."""
        return self._held.get(sender_id)

    async def keys(self) -> Iterable[str]:
        """The turns under way."""
        return self._held.keys()


def encode_state(tracker: DialogueStateTracker, kept_turns: int = KEPT_TURNS) -> dict[str, Any]:
    """The conversation as JSON, see the module's text."""
    events = list(tracker.events)
    kept_from = _first_kept(events, kept_turns)
    folded = DialogueStateTracker.from_events(
        tracker.sender_id, events[:kept_from], _fresh_slots(tracker)
    )
    loop = folded.active_loop
    return {
        "v": STATE_VERSION,
        "slots": {
            name: slot.value
            for name, slot in folded.slots.items()
            if slot.value != slot.initial_value and name not in _NOT_CARRIED
        },
        "loop": None
        if loop is None or loop.name is None
        else {"name": loop.name, "rejected": loop.rejected, "interrupted": loop.is_interrupted},
        "events": [_encode_event(event) for event in events[kept_from:] if _carried(event)],
    }


def decode_state(state: dict[str, Any], sender_id: str, domain: Domain) -> DialogueStateTracker:
    """The tracker of a conversation. Slots and loops the domain no longer has are left out.
    Raises InvalidState."""
    if state.get("v") != STATE_VERSION:
        raise InvalidState("state: unknown version")
    try:
        events = [*_folded_events(state, domain), *map(_decode_event, state["events"])]
        tracker = DialogueStateTracker(sender_id, domain.slots)
        for event in events:
            if _known(event, tracker, domain):
                tracker.update(event, domain)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InvalidState("state: malformed") from error
    return tracker


def _first_kept(events: list[Event], kept_turns: int) -> int:
    """Index of the first event to keep: the 'listen' before the first kept message."""
    messages = [i for i, event in enumerate(events) if isinstance(event, UserUttered)]
    if len(messages) <= kept_turns:
        return 0
    first = messages[-kept_turns]
    for index in range(first - 1, -1, -1):
        event = events[index]
        if isinstance(event, ActionExecuted) and event.action_name == ACTION_LISTEN_NAME:
            return index
    return first


def _fresh_slots(tracker: DialogueStateTracker) -> list[Any]:
    return list(tracker.slots.values())


def _folded_events(state: dict[str, Any], domain: Domain) -> list[Event]:
    events: list[Event] = [SlotSet(name, value) for name, value in state["slots"].items()]
    loop = state["loop"]
    if loop is not None and loop["name"] in domain.form_names:
        events.append(ActiveLoop(loop["name"]))
        if loop["interrupted"]:
            events.append(LoopInterrupted(True))
        if loop["rejected"]:
            events.append(ActionExecutionRejected(loop["name"]))
    return events


def _known(event: Event, tracker: DialogueStateTracker, domain: Domain) -> bool:
    """False for a slot or loop that an earlier model had and this one has not."""
    if isinstance(event, SlotSet):
        return event.key in tracker.slots
    if isinstance(event, ActiveLoop):
        return event.name is None or event.name in domain.form_names
    return True


def _carried(event: Event) -> bool:
    if isinstance(event, (BotUttered, SessionStarted)):
        return False
    return not (isinstance(event, SlotSet) and event.key in _NOT_CARRIED)


def _encode_event(event: Event) -> dict[str, Any]:
    if isinstance(event, UserUttered):
        return {
            "event": "user",
            "text": event.text,
            "parse_data": {
                "text": event.text,
                "intent": event.intent,
                "entities": event.parse_data["entities"],
            },
        }
    if isinstance(event, ActionExecuted):
        encoded: dict[str, Any] = {"event": "action", "name": event.action_name}
        return {**encoded, "hide_rule_turn": True} if event.hide_rule_turn else encoded
    encoded = event.as_dict()
    return {name: encoded[name] for name in encoded if name not in ("timestamp", "metadata")}


def _decode_event(encoded: dict[str, Any]) -> Event:
    # Event.from_parameters does the same, but walks all event classes for each event.
    event: Event = _event_types()[encoded["event"]]._from_parameters(dict(encoded))
    return event


@lru_cache(maxsize=1)
def _event_types() -> dict[str, type[Event]]:
    return {kind.type_name: kind for kind in all_subclasses(Event)}
