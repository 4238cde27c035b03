"""Signed WeChat webhook requests, ready to be written to a socket."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable

TOKEN = "benchmark-token"
TEXT = "锦绣小区3号楼下水道堵了一个月没人管"


def text_requests(port: int, account: str, messages: Iterable[tuple[str, str, str]]) -> list[bytes]:
    """Messages are (openid, MsgId, text)."""
    timestamp = str(int(time.time()))
    return [
        _request(port, _path(account, timestamp, number), _body(openid, number, text, timestamp))
        for openid, number, text in messages
    ]


def _path(account: str, timestamp: str, nonce: str) -> str:
    signature = hashlib.sha1("".join(sorted([TOKEN, timestamp, nonce])).encode()).hexdigest()
    return f"/channels/wechat/{account}?signature={signature}&timestamp={timestamp}&nonce={nonce}"


def _body(openid: str, number: str, text: str, timestamp: str) -> bytes:
    return (
        "<xml><ToUserName><![CDATA[gh_000000000001]]></ToUserName>"
        f"<FromUserName><![CDATA[{openid}]]></FromUserName>"
        f"<CreateTime>{timestamp}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{text}]]></Content><MsgId>{number}</MsgId></xml>"
    ).encode()


def _request(port: int, path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: text/xml\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
