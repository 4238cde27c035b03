"""WeChat held to the contract of every channel; see ../contract.py."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from urllib.parse import urlencode

from contract import ChannelAdapter, Fault, Request
from ports_in_memory import FakeClock

from backend.ports import Account, Channel, ChannelDependencies
from channels.wechat import create
from channels.wechat.signature import sign
from channels.wechat.testing import FakePlatform
from channels.wechat.testing import Fault as PlatformFault

TOKEN = "word-agreed-with-wechat"
SECRET = "app-secret-not-to-be-shown"
SEND = "/cgi-bin/message/custom/send"
PLATFORM_FAULTS = {
    Fault.BUSY: PlatformFault(SEND, errcode=-1),
    Fault.REFUSED: PlatformFault(SEND, errcode=40003),
    Fault.NO_ROUTE: PlatformFault(SEND, errcode=45015),
    Fault.HANGS: PlatformFault(SEND, hang=True),
    Fault.DROPS: PlatformFault(SEND, drop=True),
}


class WechatAdapter(ChannelAdapter):
    channel = "wechat"
    address = "oia2TjuEGTNoeX76QEjQNrcURxG8"
    faults = tuple(Fault)
    secrets = (TOKEN, SECRET)
    required_options = ("token", "app_id", "app_secret")
    media = True

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.platform = FakePlatform(app_secret=SECRET, clock=clock)

    async def open(self) -> None:
        await self.platform.start()
        self.platform.follow(self.address)

    async def close(self) -> None:
        await self.platform.stop()

    def account(self) -> Account:
        options = {
            "token": TOKEN,
            "app_id": self.platform.app_id,
            "app_secret": SECRET,
            "api_base_url": self.platform.base_url,
            "timeout_seconds": 0.5,
        }
        return Account("town", "wechat", options)

    def create(self, account: Account, deps: ChannelDependencies) -> Channel:
        return create(account, deps)

    def inbound(self, text: str, *, message: str) -> Request:
        content = text.replace("]]>", "]]]]><![CDATA[>")
        body = (
            f"<xml><ToUserName><![CDATA[gh_7f083739789a]]></ToUserName>"
            f"<FromUserName><![CDATA[{self.address}]]></FromUserName>"
            f"<CreateTime>1795400000</CreateTime><MsgType><![CDATA[text]]></MsgType>"
            f"<Content><![CDATA[{content}]]></Content><MsgId>2345678901234{message}</MsgId></xml>"
        )
        return self._signed(body.encode())

    def forged(self) -> Sequence[Request]:
        good = self.inbound("假的", message="9")
        path, _, query = good.path.partition("?")
        return [
            Request("POST", path, good.body),
            Request("POST", f"{path}?{query}0", good.body),
            Request("POST", f"{path}?signature={'0' * 40}&timestamp=1&nonce=2", good.body),
            Request("POST", f"{path}?signature={sign(TOKEN)}", good.body),
            Request("POST", f"{path}?signature=%E4%B8%AD&timestamp=1&nonce=%FF%00", good.body),
            Request("GET", f"{path}?echostr=123"),
        ]

    def malformed(self) -> Sequence[Request]:
        whole = self.inbound("好的", message="8").body
        bodies = [
            b"",
            b"<xml>",
            b"not xml at all",
            b"<xml></xml>",
            whole[:-10],
            whole.decode().encode("utf-16"),
            whole.decode().encode("gb18030"),
            whole.replace(b"<Content>", b"<Content>\xff\xfe"),
            whole.replace(b"<xml>", b"<!DOCTYPE x><xml>"),
            whole.replace(b"<xml>", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "e">]><xml>'),
            b'{"ToUserName": "gh_1"',
            b"{" * 40_000,
            b"<a>" * 20_000,
            b"<xml>&e;</xml>",
        ]
        return [self._signed(body) for body in bodies] + [
            Request("POST", self._signed(whole).path, whole, headers={"Content-Encoding": "gzip"})
        ]

    def oversized(self) -> Sequence[Request]:
        return [self._signed(self.inbound("啊" * 30_000, message="7").body)]

    async def set_fault(self, fault: Fault) -> None:
        if fault is Fault.DOWN:
            await self.platform.stop()
        else:
            self.platform.faults[:] = [PLATFORM_FAULTS[fault]]

    async def sent(self) -> Sequence[tuple[str, str]]:
        return [(pushed.openid, pushed.text) for pushed in self.platform.pushed]

    def _signed(self, body: bytes) -> Request:
        # A retry bears the nonce of the first try, another message another one.
        timestamp = str(int(self.platform.clock.now().timestamp()))
        nonce = str(zlib.crc32(body))
        query = urlencode(
            {
                "signature": sign(TOKEN, timestamp, nonce),
                "timestamp": timestamp,
                "nonce": nonce,
            }
        )
        return Request("POST", f"/channels/wechat/town?{query}", body)


ADAPTER = WechatAdapter
