"""Calls to WeChat's API. One place where HTTP, errcode and lost connections become facts.

Every call ends in one of: the answer, `WechatError` (WeChat said no), `NotSent` (the request never
reached WeChat) or `OutcomeUnknown` (it may have).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    TCPConnector,
)
from yarl import URL

from channels.wechat.account_health import AccountHealth
from channels.wechat.errcode import Policy, policy
from channels.wechat.options import WechatOptions

log = structlog.get_logger(__name__)

MAX_CONNECTIONS = 64
MAX_JSON_BYTES = 1 << 20
DOWNLOAD_SECONDS = 60.0
JSON_TYPE = "application/json"


class NotSent(Exception):
    """Surely not done: no connection, or refused by something before WeChat."""


class OutcomeUnknown(Exception):
    """The request left and no answer came back that says what happened."""


class AnswerTooLarge(Exception):
    """WeChat's answer is over the bytes allowed for it."""


class WechatError(Exception):
    """WeChat answered with an errcode other than 0."""

    def __init__(self, errcode: int, errmsg: str = "") -> None:
        super().__init__(f"errcode {errcode}")
        self.errcode = errcode
        self.errmsg = errmsg

    @property
    def policy(self) -> Policy:
        return policy(self.errcode)


@dataclass(frozen=True, slots=True)
class Download:
    """A file WeChat gave."""

    data: bytes
    content_type: str


class WechatApi:
    """HTTP to one account's API; `open` before, `close` after."""

    def __init__(self, options: WechatOptions, health: AccountHealth) -> None:
        self._base_url = options.api_base_url
        self._timeout = options.timeout_seconds
        self._health = health
        self._session: ClientSession | None = None

    def open(self) -> None:
        self._session = ClientSession(
            connector=TCPConnector(limit=MAX_CONNECTIONS, ttl_dns_cache=60)
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post_json(
        self, path: str, body: Mapping[str, Any], *, access_token: str | None = None
    ) -> dict[str, Any]:
        """The answer's JSON object, errcode 0 or absent. Raises NotSent, OutcomeUnknown,
        WechatError."""
        # WeChat shows \\u escapes to the citizen as they are: send UTF-8.
        data = json.dumps(body, ensure_ascii=False).encode("utf-8")
        try:
            content, _ = await self._request("POST", path, access_token, MAX_JSON_BYTES, data=data)
        except AnswerTooLarge as error:
            raise OutcomeUnknown("answer too large") from error
        return self._checked(path, content)

    async def get_json(
        self, path: str, query: Mapping[str, str], *, access_token: str | None = None
    ) -> dict[str, Any]:
        """As `post_json`."""
        try:
            content, _ = await self._request("GET", path, access_token, MAX_JSON_BYTES, query=query)
        except AnswerTooLarge as error:
            raise OutcomeUnknown("answer too large") from error
        return self._checked(path, content)

    async def download(
        self, path: str, query: Mapping[str, str], *, access_token: str, max_bytes: int
    ) -> Download:
        """A file, or a JSON object without an errcode; raises as `post_json`, and
        AnswerTooLarge."""
        content, content_type = await self._request(
            "GET", path, access_token, max_bytes, query=query, timeout=DOWNLOAD_SECONDS
        )
        # An error comes as JSON with status 200, sometimes declared as text/plain.
        if content_type in (JSON_TYPE, "text/plain") and content[:1] == b"{":
            self._checked(path, content)
            return Download(content, JSON_TYPE)
        self._health.worked(path)
        return Download(content, content_type)

    async def download_url(self, url: URL, *, max_bytes: int) -> Download:
        """A file at an address WeChat gave; no token goes there. Raises NotSent, OutcomeUnknown,
        AnswerTooLarge."""
        content, content_type = await self._request(
            "GET", "", None, max_bytes, url=url, timeout=DOWNLOAD_SECONDS
        )
        return Download(content, content_type)

    async def _request(
        self,
        method: str,
        path: str,
        access_token: str | None,
        max_bytes: int,
        *,
        data: bytes | None = None,
        query: Mapping[str, str] | None = None,
        url: URL | None = None,
        timeout: float | None = None,
    ) -> tuple[bytes, str]:
        if self._session is None:
            raise NotSent("channel is not started")
        params = dict(query or {})
        if access_token is not None:
            params["access_token"] = access_token
        try:
            async with self._session.request(
                method,
                url or URL(self._base_url + path),
                params=params,
                data=data,
                headers={"Content-Type": JSON_TYPE} if data is not None else None,
                allow_redirects=False,
                timeout=_timeout(timeout or self._timeout),
            ) as response:
                if response.status != 200:
                    raise self._unanswered(path, response.status)
                content = await _read_bounded(response, max_bytes)
                return content, response.content_type
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            self._unreached(path, error)
            raise NotSent(type(error).__name__) from error
        except (TimeoutError, ClientError, OSError) as error:
            self._unreached(path, error)
            raise OutcomeUnknown(type(error).__name__) from error

    def _unreached(self, path: str, error: Exception) -> None:
        # The exception's text can hold the URL with its access token: only its name is logged.
        log.warning("wechat.call_lost", path=path, error=type(error).__name__)
        self._health.call_lost()

    def _unanswered(self, path: str, status: int) -> NotSent | OutcomeUnknown:
        """WeChat answers 200 whatever happens; another status is of a proxy or a wrong address."""
        if path:  # else a file somewhere else, which may simply be gone
            log.warning("wechat.call_lost", path=path, status=status)
            self._health.call_lost()
        kind = OutcomeUnknown if status >= 500 else NotSent
        return kind(f"HTTP {status}")

    def _checked(self, path: str, content: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(content)
            errcode = int(answer.get("errcode", 0))
        except (ValueError, AttributeError, TypeError, RecursionError) as error:
            log.warning("wechat.answer_not_understood", path=path, bytes=len(content))
            self._health.call_lost()
            raise OutcomeUnknown("answer is not JSON") from error
        if errcode != 0:
            failure = WechatError(errcode, str(answer.get("errmsg", "")))
            log.warning("wechat.errcode", path=path, errcode=errcode, reason=failure.policy.reason)
            self._health.refused(path, failure.policy, failure.errmsg)
            raise failure
        self._health.worked(path)
        return dict(answer)


def _timeout(total: float) -> ClientTimeout:
    # `connect` counts the wait for a free connection too, and ends before `total`: a call that
    # never left is then NotSent, not OutcomeUnknown.
    return ClientTimeout(total=total, connect=min(5.0, total * 0.6))


async def _read_bounded(response: ClientResponse, max_bytes: int) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > max_bytes:
            raise AnswerTooLarge(f"over {max_bytes} bytes")
    return bytes(content)
