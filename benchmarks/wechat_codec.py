"""What one encrypted WeChat message costs: verify, decrypt and parse it, then encrypt and sign the
reply; beside wechatpy, which does the same. One thread; rounds alternate and medians are compared.
"""

from __future__ import annotations

import base64
import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

import wechatpy
from wechatpy.crypto import WeChatCrypto
from wechatpy.replies import TextReply

from benchmarks import report
from channels.wechat.admission import Admission
from channels.wechat.decode import decode
from channels.wechat.encryption import EncodingKey, MessageCipher
from channels.wechat.push_body import PushFormat
from channels.wechat.reply import text_reply
from channels.wechat.signature import sign

TOKEN, APP_ID = "benchmark-token", "wx0123456789abcdef"
TEXT = "锦绣小区3号楼下水道堵了一个月没人管，物业说归社区，社区说归物业，老人出门都得绕着走"
REPLY = "已收到您的诉求，编号 20261123-0007-3。我们会在两个工作日内给您答复。"
ROUNDS = 15
MESSAGES = 1_000
LEAST_RATIO = 2.0
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

Request = tuple[dict[str, str], bytes]


def measure() -> report.Part:
    """Beside wechatpy, in this process."""
    key = EncodingKey(base64.b64encode(random.Random(7).randbytes(32)).decode().rstrip("="))
    requests = [_request(key, number) for number in range(MESSAGES)]
    ways = {"xiangyin": _ours(key), "wechatpy": _theirs(key)}
    micros: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, handle in ways.items():
            began = time.perf_counter()
            for query, body in requests:
                handle(query, body)
            micros[name].append((time.perf_counter() - began) / MESSAGES * 1e6)
    median = {name: statistics.median(found) for name, found in micros.items()}
    ratio = median["wechatpy"] / median["xiangyin"]
    rows: list[dict[str, report.Cell]] = [
        {"library": name, "µs a message": value, "per second": 1e6 / value}
        for name, value in median.items()
    ]
    target = report.Target("times as fast as wechatpy", ratio, at_least=LEAST_RATIO)
    figures = {"codec_ratio": ratio, "codec_us": median["xiangyin"]}
    settings = {"rounds": ROUNDS, "messages": MESSAGES}
    return report.Part(rows, figures, [target], settings)


def _ours(key: EncodingKey) -> Callable[[dict[str, str], bytes], bytes]:
    admission = Admission((TOKEN,), MessageCipher(APP_ID, [key]))

    def handle(query: dict[str, str], body: bytes) -> bytes:
        admitted = admission.open(query, body, NOW)
        push = decode(admitted.body, "town", admitted.seal)
        reply = text_reply(
            to=push.inbound.address,
            sender=push.recipient,
            text=REPLY,
            now=NOW,
            format=PushFormat.XML,
        )
        assert push.seal is not None
        return admission.seal(reply, push.seal, PushFormat.XML, NOW)

    return handle


def _theirs(key: EncodingKey) -> Callable[[dict[str, str], bytes], str]:
    crypto = WeChatCrypto(TOKEN, key.text, APP_ID)

    def handle(query: dict[str, str], body: bytes) -> str:
        opened = crypto.decrypt_message(
            body, query["msg_signature"], query["timestamp"], query["nonce"]
        )
        message = wechatpy.parse_message(opened)
        reply = TextReply(message=message, content=REPLY).render()
        return str(crypto.encrypt_message(reply, query["nonce"], query["timestamp"]))

    return handle


def _request(key: EncodingKey, number: int) -> Request:
    created, nonce = str(int(NOW.timestamp())), str(1_000_000 + number)
    plain = (
        "<xml><ToUserName><![CDATA[gh_000000000001]]></ToUserName>"
        f"<FromUserName><![CDATA[o-citizen-{number:06}]]></FromUserName>"
        f"<CreateTime>{created}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{TEXT}]]></Content>"
        f"<MsgId>{24_000_000_000_000_000 + number}</MsgId></xml>"
    )
    encrypted = MessageCipher(APP_ID, [key]).encrypt(plain.encode(), key)
    query = {
        "timestamp": created,
        "nonce": nonce,
        "encrypt_type": "aes",
        "msg_signature": sign(TOKEN, created, nonce, encrypted),
    }
    body = (
        "<xml><ToUserName><![CDATA[gh_000000000001]]></ToUserName>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )
    return query, body.encode()
