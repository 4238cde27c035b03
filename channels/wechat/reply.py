"""The body of a passive reply (Tencent, "被动回复用户消息"), in the format the push came in."""

from __future__ import annotations

import json
import re
from datetime import datetime

from channels.wechat.push_body import PushFormat
from channels.wechat.signature import sign
from channels.wechat.splitting import WECHAT_TEXT_BYTES

ACKNOWLEDGE = b"success"  # ends WeChat's retries, shows the citizen nothing

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def text_reply(*, to: str, sender: str, text: str, now: datetime, format: PushFormat) -> bytes:  # noqa: A002
    """UTF-8 body of a text reply. `text` has to fit (see `fits`)."""
    created, clean = int(now.timestamp()), sendable(text)
    if format is PushFormat.JSON:
        fields = {
            "ToUserName": to,
            "FromUserName": sender,
            "CreateTime": created,
            "MsgType": "text",
            "Content": clean,
        }
        return json.dumps(fields, ensure_ascii=False).encode("utf-8")
    return (
        f"<xml><ToUserName>{_cdata(to)}</ToUserName>"
        f"<FromUserName>{_cdata(sender)}</FromUserName>"
        f"<CreateTime>{created}</CreateTime>"
        f"<MsgType><![CDATA[text]]></MsgType>"
        f"<Content>{_cdata(clean)}</Content></xml>"
    ).encode()


def sealed_reply(
    encrypted: str,
    *,
    token: str,
    timestamp: str,
    nonce: str,
    format: PushFormat,  # noqa: A002
) -> bytes:
    """UTF-8 body that carries an encrypted reply; signed as its push was."""
    signature = sign(token, timestamp, nonce, encrypted)
    if format is PushFormat.JSON:
        fields = {
            "Encrypt": encrypted,
            "MsgSignature": signature,
            "TimeStamp": int(timestamp),
            "Nonce": nonce,
        }
        return json.dumps(fields).encode("ascii")
    return (
        f"<xml><Encrypt>{_cdata(encrypted)}</Encrypt>"
        f"<MsgSignature>{_cdata(signature)}</MsgSignature>"
        f"<TimeStamp>{timestamp}</TimeStamp>"
        f"<Nonce>{_cdata(nonce)}</Nonce></xml>"
    ).encode("ascii")


def sendable(text: str) -> str:
    """`text` without what neither XML nor UTF-8 can carry (controls, lone surrogates)."""
    return _NOT_XML.sub("", text)


def fits(text: str) -> bool:
    """Whether one passive reply can hold all of `text`."""
    return len(sendable(text).encode("utf-8")) <= WECHAT_TEXT_BYTES


def _cdata(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"
