"""From the fields of a push to an `Inbound`. Pure; formats from Tencent's "接收普通消息" and
"接收事件推送" pages."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from backend.ports import Event, GeoPoint, Inbound, MediaRef, MessageKind
from channels.wechat.encryption import Seal
from channels.wechat.push_body import DecodeError, PushFormat, TextMessage, parse_push, text_message
from channels.wechat.reports import Report, reports_of

CHANNEL = "wechat"

_OPENID = re.compile(r"[!-~]{1,128}")
_PLAIN_ID = re.compile(r"[!-~]{1,100}")
_EVENTS: dict[str, dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("events.yml").read_text("utf-8")
)


# Not frozen, though never changed, as `Inbound` is not: every message waits for these two.
@dataclass(slots=True)
class Push:
    """One decoded push. `recipient` is the account's own id (gh_…), the sender of a reply.
    `answered`: whether the citizen may wait for words. `seal`: what it came under, and so goes
    its reply; None for plain. `reports`: what WeChat itself reports in an event that is no
    message; None for what a citizen sent."""

    inbound: Inbound
    recipient: str
    format: PushFormat
    answered: bool
    seal: Seal | None = None
    reports: tuple[Report, ...] | None = None

    @property
    def whereabouts(self) -> GeoPoint | None:
        """Where the citizen is, reported unasked (LOCATION): a hint, and no message of theirs."""
        event = self.inbound.event
        return self.inbound.place if event is not None and event.key == "LOCATION" else None


@dataclass(slots=True)
class _Content:
    """The part of an `Inbound` that depends on the message type."""

    kind: MessageKind
    text: str = ""
    media: tuple[MediaRef, ...] = ()
    place: GeoPoint | None = None
    event: Event | None = None
    answered: bool = True


def decode(body: bytes, account: str, seal: Seal | None = None) -> Push:
    """`body` in plain. Raises DecodeError when it is no push or lacks sender, recipient or type."""
    text = text_message(body)
    return _any_push(body, account, seal) if text is None else _text_push(text, body, account, seal)


def _text_push(text: TextMessage, body: bytes, account: str, seal: Seal | None) -> Push:
    """What `_any_push` gives for it, in half the time."""
    recipient, sender, create_time, content, message_id = text
    inbound = Inbound(
        CHANNEL,
        account,
        sender,
        message_id,
        MessageKind.TEXT,
        content,
        sent_at=_sent_at(create_time),
        raw=body,
    )
    return Push(inbound, recipient, PushFormat.XML, True, seal)


def _any_push(body: bytes, account: str, seal: Seal | None) -> Push:
    parsed = parse_push(body)
    fields = parsed.fields
    sender, recipient = fields.get("FromUserName", ""), fields.get("ToUserName", "")
    if not (_OPENID.fullmatch(sender) and _OPENID.fullmatch(recipient)):
        raise DecodeError("sender or recipient missing or not an id")
    message_type = fields.get("MsgType", "")
    if not message_type:
        raise DecodeError("MsgType missing")
    content = _CONTENT.get(message_type, _unknown)(fields)
    inbound = Inbound(
        channel=CHANNEL,
        account=account,
        address=sender,
        external_id=_external_id(fields, body),
        kind=content.kind,
        text=content.text,
        media=content.media,
        place=content.place,
        event=content.event,
        sent_at=_sent_at(fields.get("CreateTime", "")),
        raw=body,
    )
    reports = reports_of(fields, inbound)
    return Push(inbound, recipient, parsed.format, content.answered, seal, reports)


def _text(fields: Mapping[str, str]) -> _Content:
    return _Content(MessageKind.TEXT, text=fields.get("Content", ""))


def _medium(kind: MessageKind) -> Callable[[Mapping[str, str]], _Content]:
    def content(fields: Mapping[str, str]) -> _Content:
        media_id = fields.get("MediaId", "")
        media = (MediaRef(kind, media_id),) if media_id else ()
        # Recognition: WeChat's own speech to text, often empty, only on voice.
        return _Content(kind, text=fields.get("Recognition", ""), media=media)

    return content


def _location(fields: Mapping[str, str]) -> _Content:
    label = fields.get("Label", "")
    place = _geo_point(fields.get("Location_X", ""), fields.get("Location_Y", ""), label)
    return _Content(MessageKind.LOCATION, text=label, place=place)


def _link(fields: Mapping[str, str]) -> _Content:
    """Kept as text for officials; what somebody else's page is called is no word of the citizen's,
    so it is answered like the types that cannot be read."""
    parts = (fields.get("Title", ""), fields.get("Description", ""), fields.get("Url", ""))
    text = "\n".join(part for part in parts if part)
    return _Content(MessageKind.EVENT, text=text, event=Event("other", "link"))


def _event(fields: Mapping[str, str]) -> _Content:
    name = fields.get("Event", "")
    rule = _EVENTS.get(name)
    if rule is None:
        # LOCATION, VIEW, delivery reports and the like.
        place = _geo_point(fields.get("Latitude", ""), fields.get("Longitude", ""), "")
        return _Content(MessageKind.EVENT, place=place, event=Event("other", name), answered=False)
    key = fields.get("EventKey", "").removeprefix(rule.get("strip", ""))
    return _Content(MessageKind.EVENT, event=Event(rule["name"], key), answered=rule["answered"])


def _unknown(fields: Mapping[str, str]) -> _Content:
    """A type this program does not know (a mini-program card, a file, something new): stored, and
    answered politely by the bot. Its title, where it has one, is kept as text."""
    event = Event("other", fields["MsgType"])
    return _Content(MessageKind.EVENT, text=fields.get("Title", ""), event=event)


_CONTENT: dict[str, Callable[[Mapping[str, str]], _Content]] = {
    "text": _text,
    "image": _medium(MessageKind.IMAGE),
    "voice": _medium(MessageKind.VOICE),
    "video": _medium(MessageKind.VIDEO),
    "shortvideo": _medium(MessageKind.VIDEO),
    "location": _location,
    "link": _link,
    "event": _event,
}


def _external_id(fields: Mapping[str, str], body: bytes) -> str:
    """MsgId for messages; for events FromUserName + CreateTime + Event + EventKey (WeChat's own
    rule for telling retries), and the job's MsgID where an event reports on one."""
    if fields["MsgType"] != "event":
        message_id = fields.get("MsgId", "")
        return _bounded(message_id) if message_id else _digest(body)
    names = ("FromUserName", "CreateTime", "Event", "EventKey", "MsgID", "MsgId")
    return _bounded(":".join(fields.get(name, "") for name in names).rstrip(":"))


def _bounded(identifier: str) -> str:
    if _PLAIN_ID.fullmatch(identifier):
        return identifier
    return _digest(identifier.encode("utf-8", "surrogatepass"))


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


# Many messages are of the same second.
@lru_cache(maxsize=64)
def _sent_at(create_time: str) -> datetime | None:
    if not (create_time.isascii() and create_time.isdigit() and len(create_time) <= 10):
        return None
    return datetime.fromtimestamp(int(create_time), UTC)


def _geo_point(latitude: str, longitude: str, label: str) -> GeoPoint | None:
    try:
        point = GeoPoint(float(latitude), float(longitude), label)
    except ValueError:
        return None
    finite = math.isfinite(point.latitude) and math.isfinite(point.longitude)
    return point if finite and abs(point.latitude) <= 90 and abs(point.longitude) <= 180 else None
