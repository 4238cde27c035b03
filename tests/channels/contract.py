"""What every channel must do, and what a channel gives so that it can be held to it.

A channel joins by a file `tests/channels/<name>/contract_adapter.py` that exports
`ADAPTER: type[ChannelAdapter]`. `test_contract.py` finds it by itself and runs every check; a
check that does not apply to a channel is left out by what the adapter returns (an empty list),
never by editing the checks.
"""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from ports_in_memory import FakeClock

from backend.ports import (
    Account,
    Channel,
    ChannelDependencies,
    Rejected,
    Retry,
    SendResult,
    Unknown,
    Unreachable,
)

Serve = Callable[[Channel], Awaitable[str]]  # the `serve` fixture of conftest.py


@dataclass(frozen=True)
class Request:
    """One HTTP request to the channel's own routes; `path` starts with '/' and holds the query."""

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Fault(StrEnum):
    """How a provider may fail an outgoing message, and what `send` must then return."""

    DOWN = "nothing listens at the provider's address"
    BUSY = "the provider says: try again later"
    REFUSED = "the provider refuses this message or address for good"
    NO_ROUTE = "the citizen cannot be reached this way now"
    HANGS = "the provider takes the request and never answers"
    DROPS = "the provider takes the request and closes the connection"


OUTCOMES: dict[Fault, tuple[type[Any], ...]] = {
    Fault.DOWN: (Retry,),
    Fault.BUSY: (Retry,),
    Fault.REFUSED: (Rejected,),
    Fault.NO_ROUTE: (Unreachable,),
    Fault.HANGS: (Unknown,),
    Fault.DROPS: (Unknown,),
}


class ChannelAdapter(ABC):
    """One channel with its provider. A fresh one per test; `open` before, `close` after."""

    channel: str
    address: str  # an address of a citizen as `Inbound.address` has it
    faults: Sequence[Fault] = ()  # the faults this provider can show
    secrets: Sequence[str] = ()  # strings which must show neither in logs nor in health
    required_options: Sequence[str] = ()  # `create` names each of them when it is missing
    media: bool = False  # whether citizens can send media here

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock

    @abstractmethod
    async def open(self) -> None:
        """Start the provider (a fake on a free port, or nothing)."""

    @abstractmethod
    async def close(self) -> None:
        """Stop it."""

    @abstractmethod
    def account(self) -> Account:
        """A complete account that points to the provider; call after `open`."""

    @abstractmethod
    def create(self, account: Account, deps: ChannelDependencies) -> Channel:
        """The channel's own `create`."""

    @abstractmethod
    def inbound(self, text: str, *, message: str) -> Any:
        """The request the provider makes when the citizen at `address` sends `text`, as `deliver`
        takes it. The same `message` means the provider's retry of the same message."""

    async def deliver(self, http: ClientSession, base_url: str, request: Any) -> int:
        """Make the request: an HTTP status, 0 where there was no answer. Channels that speak no
        HTTP translate: 200 for an acknowledgement."""
        return await deliver(http, base_url, request)

    def forged(self) -> Sequence[Request]:
        """Well-formed requests which do not come from the provider."""
        return ()

    def malformed(self) -> Sequence[Request]:
        """Requests with good credentials and bad content (wrong encoding, broken, hostile)."""
        return ()

    def oversized(self) -> Sequence[Request]:
        """Requests with good credentials and a body or query far over any real message."""
        return ()

    async def set_fault(self, fault: Fault) -> None:
        """Make the provider fail every outgoing message from now on."""
        raise NotImplementedError

    @abstractmethod
    async def sent(self) -> Sequence[tuple[str, str]]:
        """(address, text) of every message the provider was given, in order, parts apart."""

    def outcome(self, fault: Fault, *, idempotent: bool) -> tuple[type[Any], ...]:
        """Where a repeat is harmless, an unknown outcome may be repeated."""
        allowed = OUTCOMES[fault]
        return (*allowed, Retry) if idempotent and Unknown in allowed else allowed


async def deliver(http: ClientSession, base_url: str, request: Request) -> int:
    """Status of the answer, 0 where the channel closed the connection without one."""
    from aiohttp import ClientConnectionError, ClientPayloadError
    from yarl import URL

    try:
        async with http.request(
            request.method,
            URL(base_url + request.path, encoded=True),
            data=request.body or None,
            headers=request.headers,
        ) as response:
            await response.read()
            return response.status
    except (ClientConnectionError, ClientPayloadError):
        return 0


def is_send_result(result: object) -> bool:
    return isinstance(result, SendResult)


def adapters() -> list[type[ChannelAdapter]]:
    """Every `contract_adapter.py` below this folder."""
    found: list[type[ChannelAdapter]] = []
    for path in sorted(Path(__file__).parent.rglob("contract_adapter.py")):
        spec = importlib.util.spec_from_file_location(f"contract_adapter_{path.parent.name}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found.append(module.ADAPTER)
    return found
