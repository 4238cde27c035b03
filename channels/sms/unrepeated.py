"""HTTP requests that are made once: a text message has no key by which a provider would refuse a
repeat, so a request whose answer is lost is never made again.

aiohttp's own repeat over a dropped connection is switched off, and connections are not reused (a
server closing an idle one looks like a lost answer).
"""

from __future__ import annotations

from aiohttp import (
    ClientHandlerType,
    ClientOSError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ServerDisconnectedError,
    TCPConnector,
)
from aiohttp.client_exceptions import ClientConnectorError

CONNECTIONS = 16
CONNECT_SECONDS = 5.0


class AnswerLost(Exception):
    """The connection broke after the request may have been read."""


def unrepeated_session(seconds: float) -> ClientSession:
    """A client that waits so long for an answer. Its requests raise ClientConnectorError and
    ConnectionTimeoutError where nothing left; AnswerLost, TimeoutError and other ClientErrors
    where it may have."""
    connect = min(CONNECT_SECONDS, seconds)
    return ClientSession(
        connector=TCPConnector(limit=CONNECTIONS, force_close=True),
        timeout=ClientTimeout(total=seconds, connect=connect, sock_connect=connect),
        middlewares=(_no_repeat,),
    )


async def _no_repeat(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    try:
        return await handler(request)
    except ClientConnectorError:
        raise
    except (ClientOSError, ServerDisconnectedError) as error:
        raise AnswerLost from error
