"""One step back while a petition is being raised: what the draft was before each answer."""

from __future__ import annotations

from typing import Any

from actions.draft import Draft

STEPS = 4
"""How many answers can be taken back."""


def before(draft: Draft) -> dict[str, Any]:
    """The draft as it is now, without its own past."""
    snapshot = {**draft.to_slot(), "words": list(draft.words)}
    return {name: value for name, value in snapshot.items() if name not in ("past", "asked")}


def remember(snapshot: dict[str, Any], draft: Draft) -> None:
    """Keep what was before this answer, if the answer changed anything. Words only ever grow, so
    that of them a count is enough; a state stays small."""
    now = before(draft)
    if now == snapshot:
        return
    words, kept = snapshot["words"], {**snapshot, "words": list(snapshot["words"])}
    if now["words"][: len(words)] == words:
        kept["words"] = len(words)
    ids = snapshot.get("messages", [])
    if draft.messages[: len(ids)] == ids:
        kept["messages"] = len(ids)
    draft.past = [*draft.past, kept][-STEPS:]


def step_back(draft: Draft) -> Draft | None:
    """The draft before the last answer; None where there was none."""
    if not draft.past:
        return None
    *past, last = draft.past
    restored = {**last, "past": past}
    for name, whole in (("words", draft.words), ("messages", draft.messages)):
        if isinstance(last.get(name), int):
            restored[name] = whole[: last[name]]
    return Draft(**restored)
