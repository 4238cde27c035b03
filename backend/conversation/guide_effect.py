"""The effect `show_guide`: an entry of the guide in the words of the citizen's channel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from backend.conversation.texts import Reply
from backend.guide.entries import TOPICS, Guide
from backend.guide.pages import NAMES, pages

MORE = "更多"
ANOTHER = "不是我要问的"


def show(guide: Guide, effect: Mapping[str, Any], look: str) -> list[Reply]:
    """The page or the point wanted; an entry that is gone meanwhile is unknown."""
    entry = guide.entries.get(effect["entry"])
    if entry is None:
        return [Reply("guide_unknown")]
    topic = next((one for one in TOPICS if one == effect.get("topic")), None)
    if topic is not None:
        told = entry.told(topic)
        if told is None:
            return [Reply("guide_topic_unknown", {"phone": entry.phone})]
        return [Reply("guide_topic", {"title": entry.title, "text": f"{NAMES[topic]}：{told}"})]
    packed = pages(entry, look)
    page = min(effect["page"], len(packed))
    options = [{"label": ANOTHER, "payload": "/deny"}]
    if page < len(packed):
        payload = "/ask_guide" + json.dumps({"entry": entry.id, "page": page + 1})
        options.insert(0, {"label": MORE, "payload": payload})
    return [Reply("guide_entry", {"title": entry.title, "text": packed[page - 1]}, options)]
