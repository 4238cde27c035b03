"""One simulator account: its citizens and what passes between them and us."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import structlog
import yaml
from aiohttp import web

from backend.ports import (
    Account,
    ChannelDependencies,
    Inbound,
    MediaContent,
    MediaRef,
    MediaUnavailable,
    MessageKind,
    Outbound,
    Rejected,
    Retry,
    SendResult,
    Sent,
)
from channels.simulator.api import Api
from channels.simulator.decode import event_of, place_of
from channels.simulator.journal import Citizen, Journal, Record
from channels.simulator.options import ADDRESSES, Persona, read_options
from channels.simulator.pictures import NotAPicture, Pictures, content_type

log = structlog.get_logger(__name__)


@cache
def presets() -> Mapping[str, Any]:
    """citizens.yml."""
    text = files(__package__).joinpath("citizens.yml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


class SimulatorChannel:
    """Implements `backend.ports.Channel`."""

    def __init__(self, account: Account, deps: ChannelDependencies) -> None:
        options = read_options(account.options)
        self.account = account
        self.persona = options.persona
        self.title = options.title
        self._deps = deps
        self.journal = Journal(options.folder / f"{account.name}.jsonl")
        self.pictures = Pictures(options.folder / f"{account.name}.pictures")
        self.changed = asyncio.Condition()
        self.closing = False
        self._api = Api(self)

    @property
    def idempotent(self) -> bool:
        """The journal takes an outbox id once."""
        return True

    def routes(self) -> Sequence[web.RouteDef]:
        return self._api.routes()

    async def start(self) -> None:
        """Read the journal; the first time, put the preset citizens into it."""
        try:
            if await asyncio.to_thread(self.journal.refresh) == 0:
                for citizen in presets()[self.persona]:
                    await self._append({"type": "citizen", **citizen})
        except OSError as error:
            log.error("simulator folder unusable", account=self.account.name, reason=str(error))

    async def close(self) -> None:
        self.closing = True
        await self._tell()

    async def accept(self, record: Record, raw: bytes) -> None:
        """One message from a citizen (as `decode_message` gives it from `raw`): stored by the
        backend first, then shown. Raises InboxUnavailable, OSError."""
        record = {"type": "in", **record, "at": self._now()}
        await self._deps.gateway.accept(self._inbound(record, raw))
        await self._append(record)

    async def send(self, message: Outbound) -> SendResult:
        """Show it on the page, once for each outbox id."""
        if not ADDRESSES[self.persona].fullmatch(message.address):
            return Rejected(f"no address of a {self.persona} citizen")
        if not message.text.strip():
            return Rejected("nothing to send: text is blank")
        record = {
            "type": "out",
            "address": message.address,
            "outbox_id": message.outbox_id,
            "kind": "text",
            "text": message.text,
            "at": self._now(),
        }
        try:
            await self._append(record)
        except OSError as error:
            return Retry(f"cannot write: {type(error).__name__}")
        return Sent(f"simulator-{message.outbox_id}")

    async def add_citizen(
        self, name: str, address: str | None = None, *, replaces: str | None = None
    ) -> Citizen | None:
        """None: the address is taken. Raises OSError."""
        address = address or self._new_address()
        added = await self._append(
            {"type": "citizen", "address": address, "name": name, "replaces": replaces}
        )
        return self.journal.citizen(address) if added else None

    async def fetch_media(self, ref: MediaRef) -> MediaContent:
        try:
            data = await asyncio.to_thread(self.pictures.read, ref.provider_ref)
        except OSError as error:
            raise MediaUnavailable(type(error).__name__, permanent=False) from error
        if data is None:
            raise MediaUnavailable("no such picture", permanent=True)
        try:
            return MediaContent(data, content_type(data))
        except NotAPicture as error:
            raise MediaUnavailable("no picture", permanent=True) from error

    async def health(self) -> dict[str, Any]:
        try:
            await asyncio.to_thread(self.journal.refresh)
        except OSError as error:
            return {"ok": False, "detail": f"读不了对话记录（{type(error).__name__}）。"}
        return {
            "ok": True,
            "detail": "体验页，不连真的微信和短信",
            "citizens": len(self.journal.citizens()),
        }

    async def _append(self, record: Record) -> bool:
        added = await asyncio.to_thread(self.journal.append, record)
        await self._tell()
        return added

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    def _inbound(self, record: Record, raw: bytes) -> Inbound:
        kind = MessageKind(record["kind"])
        picture = record.get("picture")
        return Inbound(
            channel=self.account.channel,
            account=self.account.name,
            address=record["address"],
            external_id=record["id"],
            kind=kind,
            text=record.get("text", ""),
            media=(MediaRef(kind, picture),) if picture else (),
            place=place_of(record),
            event=event_of(record),
            sent_at=self._deps.clock.now(),
            raw=raw,
        )

    def _new_address(self) -> str:
        if self.persona is Persona.SMS:
            return f"199{secrets.randbelow(10**8):08d}"
        return f"sim-{secrets.token_hex(10)}"

    def _now(self) -> str:
        return self._deps.clock.now().isoformat()


def create(account: Account, deps: ChannelDependencies) -> SimulatorChannel:
    """Raises ValueError naming the option that is wrong."""
    return SimulatorChannel(account, deps)
