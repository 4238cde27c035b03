"""The simulator, held to the contract of every channel."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from contract import ChannelAdapter, Request
from ports_in_memory import FakeClock

from backend.ports import Account, Channel, ChannelDependencies
from channels.simulator import create

BASE = "/channels/simulator/simulator-wechat"
JSON = {"Content-Type": "application/json"}


def message(**fields: object) -> Request:
    return Request("POST", f"{BASE}/messages", json.dumps(fields).encode(), JSON)


class SimulatorAdapter(ChannelAdapter):
    channel = "simulator"
    address = "sim-zhang-guilan"
    required_options = ("persona", "folder")
    media = True

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self._folder = Path()

    async def open(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="simulator-"))

    async def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def account(self) -> Account:
        options = {"persona": "wechat", "folder": str(self._folder)}
        return Account("simulator-wechat", "simulator", options)

    def create(self, account: Account, deps: ChannelDependencies) -> Channel:
        return create(account, deps)

    def inbound(self, text: str, *, message: str) -> Request:
        fields = {"address": self.address, "id": f"test-{message:0>8}", "kind": "text"}
        return Request(
            "POST", f"{BASE}/messages", json.dumps({**fields, "text": text}).encode(), JSON
        )

    def forged(self) -> Sequence[Request]:
        good = self.inbound("您好", message="1")
        return [
            Request("POST", good.path, good.body, {"Content-Type": "text/plain"}),
            Request("POST", good.path, good.body, JSON | {"Sec-Fetch-Site": "cross-site"}),
        ]

    def malformed(self) -> Sequence[Request]:
        text = {"kind": "text", "text": "您好"}
        known = {"address": self.address, "id": "12345678"}
        place = {"latitude": 34, "longitude": 114, "label": ""}
        bodies = [
            b"", b"\xff", b"[]", b"null", b"{", b"[" * 30_000,
            b'{"address":"sim-zhang-guilan","id":"12345678","kind":"location",'
            b'"place":{"latitude":NaN,"longitude":1}}',
        ]  # fmt: skip
        return [
            *[Request("POST", f"{BASE}/messages", body, JSON) for body in bodies],
            message(**known),
            message(**known, kind="text"),
            message(**known, kind="text", text=" \n"),
            message(**known, kind="text", text=7),
            message(**known, kind="text", text="长" * 6000),
            message(**known, kind="video", text="a"),
            message(**known, kind="image", picture="../../etc/passwd"),
            message(**known, kind="location", place=place | {"latitude": 91}),
            message(**known, kind="location", place=place | {"label": "长" * 200}),
            message(**known, kind="event", event="scan"),
            message(address=self.address, id="a b", **text),
            message(address="../x", id="12345678", **text),
            message(address="sim-nobody-here", id="12345678", **text),
        ]

    def oversized(self) -> Sequence[Request]:
        return [
            Request("POST", f"{BASE}/messages", b"a" * 200_000, JSON),
            Request("POST", f"{BASE}/pictures", b"a" * 11_000_000, {"Content-Type": "image/png"}),
        ]

    async def sent(self) -> Sequence[tuple[str, str]]:
        lines = (self._folder / "simulator-wechat.jsonl").read_text(encoding="utf-8").splitlines()
        records = [json.loads(line) for line in lines]
        return [(r["address"], r["text"]) for r in records if r["type"] == "out"]


ADAPTER = SimulatorAdapter
