"""Customer-service messages: the push to a citizen who wrote within the last 48 hours.

`/cgi-bin/message/custom/send` has no idempotency key: when the answer is lost, nobody knows
whether the citizen got the message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from channels.wechat.access_token import AccessToken, TokenUnavailable
from channels.wechat.api import NotSent, OutcomeUnknown, WechatApi, WechatError
from channels.wechat.errcode import Action
from channels.wechat.reply import sendable
from channels.wechat.splitting import WECHAT_TEXT_BYTES, part_end, split_text

SEND_PATH = "/cgi-bin/message/custom/send"
SMALLEST_PART = 256  # bytes; a text refused as too long is not cut finer than this

Failure = TokenUnavailable | NotSent | OutcomeUnknown | WechatError


@dataclass(frozen=True, slots=True)
class Pushed:
    """`told` characters of the text left, in `parts` messages. `failure`: why not the rest; None
    where the rest was not tried or there is none."""

    told: int
    parts: int
    failure: Failure | None = None


class CustomerService:
    """Sends texts of one account, in as many parts as they need."""

    def __init__(self, api: WechatApi, token: AccessToken) -> None:
        self._api = api
        self._token = token

    async def send(self, address: str, text: str, most: int) -> Pushed:
        """In order, at most `most` parts; it ends with the first that fails."""
        limit, told, parts = WECHAT_TEXT_BYTES, 0, 0
        while told < len(text):
            end = part_end(text, told, limit)
            part = sendable(text[told:end])
            if part.strip():
                if parts == most:
                    break
                failure = await self._send_part(address, part)
                if _is_too_long(failure) and limit // 2 >= SMALLEST_PART:
                    limit //= 2
                    continue
                if failure is not None:
                    return Pushed(told, parts, failure)
                parts += 1
            told = end
        return Pushed(told, parts)

    async def _send_part(self, address: str, text: str) -> Failure | None:
        body = {"touser": address, "msgtype": "text", "text": {"content": text}}

        async def call(token: str) -> dict[str, Any]:
            return await self._api.post_json(SEND_PATH, body, access_token=token)

        try:
            await self._token.use(call)
        except (TokenUnavailable, NotSent, OutcomeUnknown, WechatError) as failure:
            return failure
        return None


def parts_of(text: str) -> int:
    """How many pushes a text takes; 0 for a blank one."""
    return len([part for part in split_text(text) if sendable(part).strip()])


def _is_too_long(failure: Failure | None) -> bool:
    return isinstance(failure, WechatError) and failure.policy.action is Action.SPLIT
