"""One message out: a template chosen, one request made, its answer judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import ClientError, ClientSession, ConnectionTimeoutError
from aiohttp.client_exceptions import ClientConnectorError
from yarl import URL

from backend.ports import (
    Clock,
    Noticed,
    Outbound,
    Rejected,
    Retry,
    SendResult,
    Sent,
    Unknown,
    Unreachable,
)
from channels.sms.cloud.codes import Code, meaning
from channels.sms.cloud.health import CloudHealth
from channels.sms.cloud.hold import Hold
from channels.sms.cloud.options import CloudOptions
from channels.sms.cloud.templates import NOTICE, Filled, choose
from channels.sms.numbers import NotANumber, normalise
from channels.sms.unrepeated import AnswerLost, unrepeated_session

LONGEST_ANSWER = 64 * 1024


@dataclass(frozen=True, slots=True)
class CloudRequest:
    """A signed POST."""

    url: URL
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class CloudAnswer:
    """The provider's code, and what it calls the message where it took it."""

    code: str
    provider_id: str = ""


class Unreadable(ValueError):
    """The answer is not the provider's."""


class CloudProtocol(Protocol):
    """What differs between providers."""

    @property
    def package(self) -> str:
        """Where its codes.yml lies."""

    def request(self, message: Outbound, number: str, filled: Filled) -> CloudRequest:
        """Raises ValueError where the message cannot be put so."""

    def answer(self, status: int, body: bytes) -> CloudAnswer:
        """Raises Unreadable."""


class CloudSender:
    """One account's way out. Use between `open` and `close`."""

    def __init__(
        self, options: CloudOptions, protocol: CloudProtocol, clock: Clock, health: CloudHealth
    ) -> None:
        self._options = options
        self._protocol = protocol
        self._clock = clock
        self._health = health
        self._hold = Hold()
        self._session: ClientSession | None = None

    def open(self) -> None:
        """Makes the client; connects to nothing yet."""
        self._session = unrepeated_session(self._options.timeout_seconds)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, message: Outbound) -> SendResult:
        """Never raises for the provider's failure."""
        if not message.text.strip():
            return Rejected("nothing to send: text is blank")
        try:
            number = normalise(message.address)
        except NotANumber:
            return Rejected("the address is no phone number")
        filled = choose(self._options.templates, message, self._options.param_limit)
        if filled is None:
            self._health.no_template()
            return Unreachable("no template fits the message")
        if not filled.template.whole and NOTICE in message.noticed_by:
            return Unreachable("")
        held = self._hold.left(self._clock.now())
        if held:
            return Retry("the account is held back", held)
        try:
            request = self._protocol.request(message, number, filled)
        except ValueError as error:
            return Rejected(str(error))
        return await self._ask(request, filled)

    async def _ask(self, request: CloudRequest, filled: Filled) -> SendResult:
        try:
            answer = await self._post(request)
        except (ClientConnectorError, ConnectionTimeoutError):
            self._health.out_of_reach()
            return Retry("the gateway is out of reach")
        except (TimeoutError, AnswerLost, ClientError, Unreadable) as error:
            self._health.answer_lost()
            return Unknown(f"no answer from the gateway: {type(error).__name__}")
        code = meaning(self._protocol.package, answer.code)
        self._health.answered(answer.code, code)
        if code.outcome != "sent":
            return self._not_sent(code)
        self._hold.release()
        if filled.template.whole:
            return Sent(answer.provider_id)
        return Noticed(NOTICE, answer.provider_id)

    def _not_sent(self, code: Code) -> SendResult:
        now = self._clock.now()
        match code.outcome:
            case "back_off":
                return Retry(code.reason, self._hold.back_off(now))
            case "stop":
                return Retry(code.reason, self._hold.stop(now, code.after or 0.0))
            case "later":
                return Retry(code.reason, code.after, fault=False)
            case "refused":
                return Rejected(code.reason)
            case _:
                return Unknown(code.reason)

    async def _post(self, request: CloudRequest) -> CloudAnswer:
        if self._session is None:
            raise RuntimeError("send before start")
        async with self._session.post(
            request.url,
            data=request.body,
            headers=dict(request.headers),
            allow_redirects=False,
        ) as response:
            body = await response.content.read(LONGEST_ANSWER)
            return self._protocol.answer(response.status, body)
