"""The body of a push as flat fields: XML or JSON, as the account's console says.

This is the hot path of the webhook and takes bytes from anyone who holds a signature, so it is
both fast and closed: no DTD, no entities, UTF-8 only.
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, ParseError, fromstring


class DecodeError(ValueError):
    """The body is not a WeChat push. The text says why, without any of the content."""


class PushFormat(StrEnum):
    XML = "xml"
    JSON = "json"


@dataclass(slots=True)
class PushBody:
    """`fields` holds the top-level fields as text; nested ones are only in the raw body."""

    fields: dict[str, str]
    format: PushFormat


_DECLARATION = re.compile(rb"<\?xml\s[^>]*\?>")
# XML 1.0 has no place for these, but citizens paste them and WeChat passes them on.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def parse_push(body: bytes) -> PushBody:
    """Raises DecodeError for everything that is not one flat XML or JSON object in UTF-8."""
    start = body[:64].lstrip()[:1]
    if start == b"{":
        return PushBody(_json_fields(body), PushFormat.JSON)
    return PushBody(_xml_fields(body), PushFormat.XML)


def list_items(body: bytes) -> list[dict[str, str]]:
    """The fields of each `List` of an event, one or many, at the top or in an element of its own.
    Raises DecodeError."""
    if body[:64].lstrip()[:1] == b"{":
        return _json_items(_json_document(body))
    return [
        {child.tag: child.text or "" for child in item} for item in _xml_root(body).iter("List")
    ]


def _json_items(document: Mapping[str, Any]) -> list[dict[str, str]]:
    inner = [value for value in document.values() if isinstance(value, dict)]
    items: list[Any] = []
    for each in (document, *inner):
        listed = each.get("List", [])
        items += listed if isinstance(listed, list) else [listed]
    return [_texts(item) for item in items if isinstance(item, dict)]


# WeChat's own shape: <xml>, then <Name>plain</Name> or <Name><![CDATA[text]]></Name>, nothing else.
# No ']' and no carriage return in the text: there XML has rules of its own.
_QUOTED = r"<!\[CDATA\[([^\x00-\x08\x0b-\x1f\]\ufffe\uffff]*+)\]\]>"
_PLAIN = r"([^\x00-\x08\x0b-\x1f\]<>&\ufffe\uffff]*+)"
_BLANK = r"[ \n]*+"
_REGULAR_START = re.compile(f"<xml>{_BLANK}")
_REGULAR_FIELD = re.compile(rf"<([A-Za-z_][A-Za-z0-9_]*+)>(?:{_QUOTED}|{_PLAIN})</\1>{_BLANK}")
_ID = r"<!\[CDATA\[([!-\\^-~]{1,128}+)\]\]>"
_TEXT_FIELDS = {
    "ToUserName": _ID,
    "FromUserName": _ID,
    "CreateTime": "([0-9]{1,10}+)",
    "MsgType": r"<!\[CDATA\[text\]\]>",
    "Content": _QUOTED,
    "MsgId": "([0-9]{1,100}+)",
}
_TEXT_MESSAGE = re.compile(
    f"<xml>{_BLANK}"
    + "".join(f"<{name}>{value}</{name}>{_BLANK}" for name, value in _TEXT_FIELDS.items())
    + f"</xml>{_BLANK}"
)


class TextMessage(NamedTuple):
    """The fields of a text message, in the order in which WeChat writes them."""

    recipient: str
    sender: str
    create_time: str
    content: str
    message_id: str


def text_message(body: bytes) -> TextMessage | None:
    """What most people send most of the time, read by one expression; None for anything but a
    text message exactly as WeChat writes it. What it gives is what `parse_push` gives, and all of
    it is valid: ids of their form, numbers where numbers belong."""
    try:
        found = _TEXT_MESSAGE.fullmatch(body.decode("utf-8"))
    except UnicodeDecodeError:
        return None
    return None if found is None else TextMessage._make(found.groups())


def _regular_fields(body: bytes) -> dict[str, str] | None:
    """The fields of a body in WeChat's own shape, in half the time of a parser; None for any
    other body, whatever it is. What it gives is what `_parsed_fields` gives."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    start = _REGULAR_START.match(text)
    if start is None:
        return None
    fields: dict[str, str] = {}
    position = start.end()
    while (field := _REGULAR_FIELD.match(text, position)) is not None:
        name, quoted, plain = field.groups()
        fields[name] = plain if quoted is None else quoted
        position = field.end()
    return fields if text[position:].rstrip(" \n") == "</xml>" else None


def _xml_fields(body: bytes) -> dict[str, str]:
    fields = _regular_fields(body)
    return fields if fields is not None else _parsed_fields(body)


def _parsed_fields(body: bytes) -> dict[str, str]:
    return {child.tag: child.text or "" for child in _xml_root(body)}


def _xml_root(body: bytes) -> Element:
    try:
        root = fromstring(_from_root(body))  # noqa: S314 - see _from_root
    except ParseError:
        root = _parse_without_controls(body)
    if root.tag != "xml":
        raise DecodeError("root element is not <xml>")
    return root


def _from_root(body: bytes) -> bytes:
    """The body from its root element on. A document type can only stand before the root, and an
    encoding can only be declared there: what begins with the root is UTF-8 and has no entities of
    its own, so the fast parser is safe with it."""
    if body.startswith(b"<xml"):
        return body
    rest = body.removeprefix(BOM_UTF8).lstrip()
    rest = _DECLARATION.sub(b"", rest, count=1).lstrip()
    if not rest.startswith(b"<xml"):
        raise DecodeError("body does not begin with <xml>")
    return rest


def _parse_without_controls(body: bytes) -> Element:
    try:
        cleaned = _NOT_XML.sub("", body.decode("utf-8")).encode("utf-8")
        return fromstring(_from_root(cleaned))  # noqa: S314
    except UnicodeDecodeError as error:
        raise DecodeError("body is not UTF-8") from error
    except ParseError as error:
        raise DecodeError("XML not well formed") from error


def _json_fields(body: bytes) -> dict[str, str]:
    return _texts(_json_document(body))


def _json_document(body: bytes) -> dict[str, Any]:
    try:
        document: Any = json.loads(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DecodeError("body is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise DecodeError("JSON not well formed") from error
    return dict(document)


def _texts(document: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else str(value)
        for name, value in document.items()
        if isinstance(value, str | int | float)
    }
