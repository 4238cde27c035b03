"""Customer-service messages: the push to a citizen who wrote within the last 48 hours.

`/cgi-bin/message/custom/send` has no idempotency key: when the answer is lost, nobody knows
whether the citizen got the message, and the result is `Unknown`, never a repeat.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from backend.ports import Outbound, Rejected, Retry, SendResult, Sent, Unknown, Unreachable
from channels.wechat.access_token import AccessToken, TokenUnavailable
from channels.wechat.api import NotSent, OutcomeUnknown, WechatApi, WechatError
from channels.wechat.errcode import Action
from channels.wechat.reply import sendable
from channels.wechat.splitting import WECHAT_TEXT_BYTES, split_text

SEND_PATH = "/cgi-bin/message/custom/send"
SMALLEST_PART = 256  # bytes; a text refused as too long is not cut finer than this


class CustomerService:
    """Sends whole messages of one account, in as many parts as they need."""

    def __init__(self, api: WechatApi, token: AccessToken) -> None:
        self._api = api
        self._token = token

    async def send(self, message: Outbound) -> SendResult:
        """The outcome of all parts. Where one fails after another was sent it is `Unknown`:
        the citizen holds the beginning, and a repeat would bring it twice."""
        waiting = deque(split_text(sendable(message.text)))
        if not waiting:
            return Rejected("nothing to send: text is blank")
        limit, sent = WECHAT_TEXT_BYTES, 0
        while waiting:
            part = waiting.popleft()
            result = await self._send_part(message.address, part)
            if result is None:
                limit //= 2
                if limit < SMALLEST_PART:
                    result = Rejected("content too long however short")
                else:
                    waiting.extendleft(reversed(split_text(part, limit)))
                    continue
            if not isinstance(result, Sent):
                return _after(sent, result)
            sent += 1
        return Sent()

    async def _send_part(self, address: str, text: str) -> SendResult | None:
        """None: WeChat finds the text too long."""
        body = {"touser": address, "msgtype": "text", "text": {"content": text}}

        async def call(token: str) -> dict[str, Any]:
            return await self._api.post_json(SEND_PATH, body, access_token=token)

        try:
            await self._token.use(call)
        except TokenUnavailable as error:
            return Retry(error.reason, error.after)
        except NotSent as error:
            return Retry(f"not sent: {error}")
        except OutcomeUnknown as error:
            return Unknown(f"no answer from WeChat: {error}")
        except WechatError as error:
            return _refused(error)
        return Sent()


def _refused(error: WechatError) -> SendResult | None:
    policy = error.policy
    reason = f"{policy.reason} ({error.errcode})"
    match policy.action:
        case Action.SPLIT:
            return None
        case Action.UNREACHABLE:
            return Unreachable(reason)
        case Action.RETRY | Action.REFRESH:
            return Retry(reason, policy.after)
        case _:
            return Rejected(reason)


def _after(sent: int, result: SendResult) -> SendResult:
    if sent == 0 or isinstance(result, Sent):
        return result
    return Unknown(f"{sent} part(s) sent, then: {result.reason}")
