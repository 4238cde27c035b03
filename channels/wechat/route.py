"""Which way a message takes to a citizen, of those WeChat has. Pure.

The passive reply comes before all of these (the outbox holds an answer back for a webhook that
waits), and after them a text message to a linked phone, and being kept for the next contact: both
are the outbox's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from channels.wechat.quota import MOST_AT_ONCE


class Route(StrEnum):
    """In the order in which they are tried."""

    CUSTOMER_SERVICE = "customer_service"
    TEMPLATE = "template"
    SUBSCRIBE = "subscribe"


NOTICES = (Route.TEMPLATE, Route.SUBSCRIBE)


@dataclass(frozen=True, slots=True)
class Situation:
    """`parts`: how many pushes the text takes. `left`: how many WeChat still allows. `noticeable`:
    the message speaks of a petition, to which a notice can lead. `configured`: what the account
    may use. `permitted`: the citizen allowed a subscribe notice. `closed`: routes that were tried,
    or are stopped for the whole account."""

    parts: int
    left: int
    noticeable: bool = False
    configured: frozenset[Route] = frozenset(Route)
    permitted: bool = False
    closed: frozenset[Route] = field(default_factory=frozenset)


def next_route(situation: Situation) -> Route | None:
    """None: no way on WeChat now."""
    return next((route for route in Route if _is_open(route, situation)), None)


def _is_open(route: Route, situation: Situation) -> bool:
    if route not in situation.configured or route in situation.closed:
        return False
    match route:
        case Route.CUSTOMER_SERVICE:
            # Half an answer is worse than a notice that leads to the whole of it; but one that is
            # longer than any quota must begin at some time.
            return 0 < min(situation.parts, MOST_AT_ONCE) <= situation.left
        case Route.TEMPLATE:
            return situation.noticeable
        case Route.SUBSCRIBE:
            return situation.noticeable and situation.permitted
