"""Template and subscribe notices of the fake platform.

Kept to what is published: fields by type and length (47003), the template's id (40037), only
followers (43004), a repeat of a `client_msg_id` refused for ten minutes, one subscribe notice for
each time the citizen accepted (43101). Which code a repeated `client_msg_id` gets is not
published; here it is the one of mass messages, 45065.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from channels.wechat.testing.rules import Now

REPEATS_REFUSED = timedelta(minutes=10)
LONGEST = {"thing": 20, "const": 20, "phrase": 5, "character_string": 32, "time": 32, "date": 32}
SHAPES = {
    "character_string": re.compile(r"[!-~]+"),
    "phrase": re.compile(r"[\u4e00-\u9fff]+"),
    "time": re.compile(r"(\d{4}年\d{1,2}月\d{1,2}日 ?)?\d{1,2}:\d{2}"),
    "date": re.compile(r"\d{4}年\d{1,2}月\d{1,2}日( \d{1,2}:\d{2})?"),
}


@dataclass(frozen=True)
class Notice:
    """One notice a citizen got. `by`: template or subscribe; `link` opens when it is touched."""

    message_id: int
    by: str
    openid: str
    template_id: str
    fields: Mapping[str, str]
    link: str


@dataclass
class NoticeBoard:
    """`templates` and `subscribe_templates`: the field names of each template, by its id."""

    clock: Now
    templates: dict[str, set[str]] = field(default_factory=dict)
    subscribe_templates: dict[str, set[str]] = field(default_factory=dict)
    accepted: Counter[tuple[str, str]] = field(default_factory=Counter)
    sent: list[Notice] = field(default_factory=list)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(200_163_836))
    _repeats: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def accept(self, openid: str, template_id: str) -> None:
        """The citizen touches 允许 in the popup: one notice may be sent."""
        self.accepted[openid, template_id] += 1

    def reject(self, openid: str, template_id: str) -> None:
        """The citizen switches the template off in the account's settings."""
        self.accepted[openid, template_id] = 0

    def template_send(self, body: Mapping[str, Any], followers: set[str]) -> int:
        """The errcode, or the notice's id where it left (always above any errcode)."""
        openid = str(body.get("touser", ""))
        refused = _refusal(body, self.templates, "url")
        if refused:
            return refused
        if openid not in followers:
            return 43004
        if key := str(body.get("client_msg_id", "")):
            now = self.clock.now()
            before = self._repeats.get((openid, key))
            if before is not None and now - before < REPEATS_REFUSED:
                return 45065
            self._repeats[openid, key] = now
        return self._leave("template", body, str(body.get("url", "")))

    def subscribe_send(self, body: Mapping[str, Any]) -> int:
        """As `template_send`."""
        refused = _refusal(body, self.subscribe_templates, "page")
        if refused:
            return refused
        which = str(body["touser"]), str(body["template_id"])
        if self.accepted[which] < 1:
            return 43101
        self.accepted[which] -= 1
        return self._leave("subscribe", body, str(body.get("page", "")))

    def _leave(self, by: str, body: Mapping[str, Any], link: str) -> int:
        fields = {name: str(each["value"]) for name, each in body["data"].items()}
        notice = Notice(
            next(self._ids), by, str(body["touser"]), str(body["template_id"]), fields, link
        )
        self.sent.append(notice)
        return notice.message_id


def _refusal(body: Mapping[str, Any], templates: Mapping[str, set[str]], link: str) -> int:
    if not str(body.get("touser", "")).startswith("o"):
        return 40003
    wanted = templates.get(str(body.get("template_id", "")))
    if wanted is None:
        return 40037
    data = body.get("data")
    if not isinstance(data, dict) or set(data) != wanted:
        return 47003
    link_is_whole = str(body.get(link, "https://")).startswith(("https://", "http://"))
    return 0 if link_is_whole and all(map(_fits, data, data.values())) else 47003


def _fits(name: str, given: object) -> bool:
    value = given.get("value") if isinstance(given, dict) else None
    kind = re.sub(r"\d+$", "", name)
    if not isinstance(value, str) or not value or len(value) > LONGEST.get(kind, 0):
        return False
    shape = SHAPES.get(kind)
    return shape is None or shape.fullmatch(value) is not None
