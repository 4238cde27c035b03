"""WeChat's side of the webhook: signs and posts what citizens do, with the 5 s rule and retries,
and shows the citizen what WeChat would."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import fromstring
from xml.sax.saxutils import escape

from aiohttp import ClientError, ClientSession, ClientTimeout
from yarl import URL

from channels.wechat.encryption import EncodingKey, MessageCipher
from channels.wechat.signature import sign
from channels.wechat.testing.notices import Notice
from channels.wechat.testing.platform import FakePlatform

SERVICE_DOWN = "该公众号暂时无法提供服务，请稍后再试"
TRIES = 3
# What opens three messages for a minute, beside following: of the menu only clicks and scans.
ACTS = frozenset({"CLICK", "SCAN", "scancode_push", "scancode_waitmsg"})


@dataclass(frozen=True)
class Delivery:
    """`statuses`: HTTP status of each try, 0 where there was no answer in time. `seen`: the text
    the citizen saw at once, None where nothing was shown."""

    statuses: list[int]
    seen: str | None
    body: bytes = b""


@dataclass
class Wechat:
    """The citizens' WeChat. `try_seconds` is WeChat's 5 s, shortened in tests. `aes_key`: the
    account is in the safe mode with this EncodingAESKey (`compatible`: the push is in plain too);
    without it in the plain mode. `other_urls`: where more than one process takes pushes, as behind
    a load balancer: each try goes to the next. `patient`: a try that was refused at once, not given
    up after 5 s, is followed by the next only when those are over."""

    platform: FakePlatform
    webhook_url: str
    token: str
    account_id: str = "gh_000000000001"
    try_seconds: float = 5.0
    format: str = "xml"
    aes_key: str = ""
    compatible: bool = False
    other_urls: Sequence[str] = ()
    patient: bool = False
    _message_ids: itertools.count[int] = field(
        default_factory=lambda: itertools.count(24_000_000_000_000_001)
    )
    _turns: itertools.count[int] = field(default_factory=itertools.count)
    _nonces: itertools.count[int] = field(default_factory=lambda: itertools.count(1_000_000))

    async def post_message(self, openid: str, text: str) -> Delivery:
        """A citizen writes a text."""
        return await self.post(openid, {"MsgType": "text", "Content": text})

    async def post_media(self, openid: str, kind: str, media_id: str) -> Delivery:
        """A citizen sends a photo, voice or video kept on the platform."""
        return await self.post(openid, {"MsgType": kind, "MediaId": media_id})

    async def follow(self, openid: str, scene: str = "") -> Delivery:
        """A citizen follows, by a QR code with `scene` where given."""
        self.platform.follow(openid)
        key = f"qrscene_{scene}" if scene else ""
        return await self.post_event(openid, "subscribe", key)

    async def unfollow(self, openid: str) -> Delivery:
        self.platform.unfollow(openid)
        return await self.post_event(openid, "unsubscribe")

    async def report_notice(self, notice: Notice, status: str = "success") -> Delivery:
        """WeChat says what became of a notice: `success`, `failed:user block`, …"""
        number = str(notice.message_id)
        if notice.by == "template":
            content = {"Event": "TEMPLATESENDJOBFINISH", "MsgID": number, "Status": status}
            return await self.post(notice.openid, {"MsgType": "event", **content})
        item = {"TemplateId": notice.template_id, "MsgID": number}
        result = {"ErrorCode": str(int(status != "success")), "ErrorStatus": status}
        return await self.post_list(notice.openid, "subscribe_msg_sent_event", {**item, **result})

    async def answer_popup(self, openid: str, **answers: str) -> Delivery:
        """The citizen touches accept or reject for each template in the popup."""
        for template_id, answer in answers.items():
            if answer == "accept":
                self.platform.notices.accept(openid, template_id)
        items = [
            {"TemplateId": each, "SubscribeStatusString": answer, "PopupScene": "2"}
            for each, answer in answers.items()
        ]
        return await self.post_list(openid, "subscribe_msg_popup_event", *items)

    async def switch_off(self, openid: str, template_id: str) -> Delivery:
        """The citizen turns a template off in the account's settings."""
        self.platform.notices.reject(openid, template_id)
        item = {"TemplateId": template_id, "SubscribeStatusString": "reject"}
        return await self.post_list(openid, "subscribe_msg_change_event", item)

    async def post_list(self, openid: str, event: str, *items: dict[str, str]) -> Delivery:
        """An event with a `List`: in JSON one item stands alone, in XML all in an element."""
        listed: Any = list(items) if len(items) > 1 else items[0]
        content: dict[str, Any] = {"MsgType": "event", "Event": event}
        if self.format == "json":
            return await self.post(openid, {**content, "List": listed})
        element = "".join(part.capitalize() for part in event.split("_"))
        return await self.post(openid, {**content, element: list(items)})

    async def scan(self, openid: str, scene: str) -> Delivery:
        """A citizen scans a QR code; one who does not follow yet does so by it."""
        if openid not in self.platform.followers:
            return await self.follow(openid, scene)
        return await self.post_event(openid, "SCAN", scene)

    async def post_event(self, openid: str, event: str, key: str = "") -> Delivery:
        if event in ACTS:
            self.platform.windows.acted(openid)
        return await self.post(openid, {"MsgType": "event", "Event": event, "EventKey": key})

    async def post(self, openid: str, content: dict[str, Any]) -> Delivery:
        """Post one message or event until it is answered, three times at most."""
        if content["MsgType"] != "event":
            self.platform.followers.add(openid)
            self.platform.windows.wrote(openid)
            content = {**content, "MsgId": str(next(self._message_ids))}
        url, body = self.request(self.body(openid, content))
        statuses: list[int] = []
        loop = asyncio.get_running_loop()
        async with ClientSession(timeout=ClientTimeout(total=self.try_seconds)) as http:
            for _ in range(TRIES):
                began = loop.time()
                status, answer = await _try(http, self.balanced(url), body)
                statuses.append(status)
                if status:
                    return self._shown(openid, statuses, answer)
                if self.patient:
                    await asyncio.sleep(began + self.try_seconds - loop.time())
        return self._shown(openid, statuses, None)

    def balanced(self, url: URL) -> URL:
        """The same request to the next of the processes."""
        urls = (self.webhook_url, *self.other_urls)
        return URL(urls[next(self._turns) % len(urls)]).with_query(url.query)

    def signed_url(self) -> URL:
        timestamp = str(int(self.platform.clock.now().timestamp()))
        nonce = str(next(self._nonces))
        query = {
            "signature": sign(self.token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
        }
        return URL(self.webhook_url).with_query(query)

    def request(self, body: bytes) -> tuple[URL, bytes]:
        """The address and the body WeChat posts for a push, encrypted as the mode says."""
        url = self.signed_url()
        if not self.aes_key:
            return url, body
        encrypted = self._cipher.encrypt(body, EncodingKey(self.aes_key))
        query = url.query
        signature = sign(self.token, query["timestamp"], query["nonce"], encrypted)
        url = url.update_query(encrypt_type="aes", msg_signature=signature)
        if self.format == "json":
            plain = json.loads(body) if self.compatible else {"ToUserName": self.account_id}
            return url, json.dumps({**plain, "Encrypt": encrypted}).encode()
        inner = body.removeprefix(b"<xml>").removesuffix(b"</xml>") if self.compatible else b""
        return url, b"<xml>%b<Encrypt>%b</Encrypt></xml>" % (inner, encrypted.encode())

    @property
    def _cipher(self) -> MessageCipher:
        return MessageCipher(self.platform.app_id, [EncodingKey(self.aes_key)])

    def body(self, openid: str, content: dict[str, Any]) -> bytes:
        created = str(int(self.platform.clock.now().timestamp()))
        fields = {
            "ToUserName": self.account_id,
            "FromUserName": openid,
            "CreateTime": created,
            **content,
        }
        if self.format == "json":
            return json.dumps(fields, ensure_ascii=False).encode("utf-8")
        return f"<xml>{_elements(fields)}</xml>".encode()

    def _shown(self, openid: str, statuses: list[int], answer: bytes | None) -> Delivery:
        refused = answer is None or statuses[-1] != 200
        seen = SERVICE_DOWN if answer is None or refused else _reply_text(self._opened(answer))
        if seen is not None:
            self.platform.shown(openid, seen)
        return Delivery(statuses, seen, answer or b"")

    def _opened(self, answer: bytes) -> bytes:
        """The reply in plain. WeChat shows no reply that is not encrypted as its push was."""
        if not self.aes_key or answer in (b"", b"success"):
            return answer
        fields = _fields(answer)
        parts = (str(fields[name]) for name in ("TimeStamp", "Nonce", "Encrypt"))
        if sign(self.token, *parts) != fields["MsgSignature"]:
            return b"wrongly signed"
        return self._cipher.decrypt(str(fields["Encrypt"])).message


def _elements(fields: Mapping[str, Any]) -> str:
    return "".join(f"<{name}>{_content(value)}</{name}>" for name, value in fields.items())


def _content(value: Any) -> str:
    if isinstance(value, list):
        return "".join(f"<List>{_elements(item)}</List>" for item in value)
    return escape(value)


def _fields(body: bytes) -> dict[str, Any]:
    if body[:1] == b"{":
        return dict(json.loads(body))
    return {child.tag: child.text or "" for child in fromstring(body)}  # noqa: S314


async def _try(http: ClientSession, url: URL, body: bytes) -> tuple[int, bytes]:
    try:
        async with http.post(url, data=body, headers={"Content-Type": "text/xml"}) as response:
            return response.status, await response.read()
    except (TimeoutError, ClientError, OSError):
        return 0, b""


def _reply_text(answer: bytes) -> str | None:
    """The text of a passive reply; None for `success` or nothing; else WeChat's complaint."""
    if answer in (b"", b"success"):
        return None
    try:
        fields = _fields(answer)
        is_text = fields["MsgType"] == "text" and len(fields["Content"].encode("utf-8")) <= 2048
        return str(fields["Content"]) if is_text else SERVICE_DOWN
    except (ValueError, SyntaxError, KeyError):
        return SERVICE_DOWN
