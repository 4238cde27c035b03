"""Sending by smsbox's GET /cgi-bin/sendsms.

sendsms has no idempotency key, so a request whose answer is lost is `Unknown` and never repeated
here (see unrepeated.py).
"""

from __future__ import annotations

from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout, ConnectionTimeoutError
from aiohttp.client_exceptions import ClientConnectorError
from yarl import URL

from backend.ports import Outbound, Rejected, Retry, SendResult, Sent, Unknown
from channels.sms.kannel.answers import answer_for
from channels.sms.kannel.health import KannelHealth
from channels.sms.kannel.options import KannelOptions
from channels.sms.segmentation import Alphabet, Segments, part_limit, split, units
from channels.sms.signature import signed
from channels.sms.unrepeated import AnswerLost, unrepeated_session

ALL_RECEIPTS = 31  # 1 + 2 + 4 + 8 + 16
PROBE_SECONDS = 3.0
LONGEST_ANSWER = 4096
_CODING = {Alphabet.GSM7: "0", Alphabet.UCS2: "2"}


class Sendsms:
    """One account's way out. Use between `open` and `close`."""

    def __init__(self, account: str, options: KannelOptions, health: KannelHealth) -> None:
        self._account = account
        self._options = options
        self._health = health
        self._session: ClientSession | None = None

    def open(self) -> None:
        """Makes the client; connects to nothing yet."""
        self._session = unrepeated_session(self._options.timeout_seconds)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, message: Outbound) -> SendResult:
        """Never raises for Kannel's failure."""
        if not message.text.strip():
            return Rejected("nothing to send: text is blank")
        segments = split(signed(message.text, self._options.signature))
        if len(segments.parts) > self._options.max_parts:
            return Rejected(f"too long: {len(segments.parts)} parts, see option max_parts")
        try:
            status = await self._get(self._parameters(message, segments))
        except (ClientConnectorError, ConnectionTimeoutError):
            self._health.out_of_reach()
            return Retry("kannel is out of reach")
        except (TimeoutError, AnswerLost, ClientError) as error:
            self._health.answer_lost()
            return Unknown(f"no answer from kannel: {type(error).__name__}")
        answer = answer_for(status)
        self._health.answered(answer)
        match answer.outcome:
            case "sent":
                return Sent()
            case "retry":
                return Retry(answer.reason, answer.after)
            case "rejected":
                return Rejected(answer.reason)
            case "unknown":
                return Unknown(f"{answer.reason}: {status}")

    async def probe(self) -> None:
        """Ask sendsms for nothing (no receiver): tells address and password right or wrong, and
        sends nothing. Kannel answers 400 'Missing receiver number' when all is well."""
        try:
            status = await self._get(self._credentials(), seconds=PROBE_SECONDS)
        except (ClientError, TimeoutError, AnswerLost):
            self._health.out_of_reach()
        else:
            self._health.answered(answer_for(status))

    async def _get(self, parameters: dict[str, str], *, seconds: float | None = None) -> int:
        if self._session is None:
            raise RuntimeError("send before start")
        url = URL(f"{self._options.sendsms_url}?{urlencode(parameters)}", encoded=True)
        timeout = ClientTimeout(total=seconds) if seconds else self._session.timeout
        async with self._session.get(url, allow_redirects=False, timeout=timeout) as response:
            await response.content.read(LONGEST_ANSWER)
            return response.status

    def _credentials(self) -> dict[str, str]:
        return {"username": self._options.username, "password": self._options.password}

    def _parameters(self, message: Outbound, segments: Segments) -> dict[str, str]:
        return self._credentials() | {
            "from": self._options.sender,
            "to": message.address,
            "text": whole_characters(segments),
            "charset": "UTF-8",
            "coding": _CODING[segments.alphabet],
            "dlr-mask": str(ALL_RECEIPTS),
            "dlr-url": self._receipt_url(message.outbox_id),
        }

    def _receipt_url(self, outbox_id: int) -> str:
        """A template: Kannel puts in %d (what happened) and %A (the operator's own words)."""
        base = f"{self._options.callback_url}/channels/sms/{self._account}/dlr"
        return f"{base}?key={self._options.key}&id={outbox_id}&type=%d&answer=%A"


def whole_characters(segments: Segments) -> str:
    """The text, with a space where Kannel would else cut a surrogate pair in two: it splits after
    every 67th code unit whatever stands there (measured on 1.4.5; escaped GSM characters it
    keeps whole by itself)."""
    if segments.alphabet is Alphabet.GSM7 or len(segments.parts) == 1:
        return "".join(segments.parts)
    limit = part_limit(Alphabet.UCS2, header_octets=6)
    *full, last = segments.parts
    return "".join(p + " " * (limit - units(p, Alphabet.UCS2)) for p in full) + last
