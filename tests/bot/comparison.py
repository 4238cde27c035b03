"""What a turn did to a conversation, in terms that two engines can be compared by."""

from __future__ import annotations

from typing import Any

from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

_INCIDENTAL = ("timestamp", "model_id", "assistant_id")
_NOT_COMPARED = ("session_started_metadata",)


def what_happened(tracker: DialogueStateTracker) -> dict[str, Any]:
    """All events from the last message on (what the bot said is among them), and what is
    remembered after it."""
    events = list(tracker.events)
    last = max(i for i, event in enumerate(events) if isinstance(event, UserUttered))
    loop = tracker.active_loop
    return {
        "events": [_plain(event.as_dict()) for event in events[last:]],
        "slots": {
            name: value
            for name, value in tracker.current_slot_values().items()
            if name not in _NOT_COMPARED
        },
        "loop": loop and {"name": loop.name, "rejected": loop.rejected},
        "paused": tracker.is_paused(),
        "followup": tracker.followup_action,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if name not in _INCIDENTAL}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
