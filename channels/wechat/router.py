"""Sends one message by the best way WeChat has for it now.

`route.next_route` decides; here its facts are gathered, the route is taken, and what WeChat
answers (errors.yml) becomes the next decision or the outcome.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import structlog

from backend.ports import (
    Clock,
    Gateway,
    InboxUnavailable,
    Noticed,
    NoticePermission,
    Outbound,
    Partly,
    Rejected,
    Rest,
    Retry,
    SendResult,
    Sent,
    Unknown,
    Unreachable,
)
from channels.wechat.access_token import TokenUnavailable
from channels.wechat.api import NotSent, OutcomeUnknown, WechatError
from channels.wechat.customer_service import CustomerService, Failure, parts_of
from channels.wechat.errcode import Action, Corrects
from channels.wechat.notices import Notices
from channels.wechat.reply_quota import ReplyQuota
from channels.wechat.route import NOTICES, Route, Situation, next_route
from channels.wechat.route_stops import RouteStops, Stop

log = structlog.get_logger(__name__)

NO_WAY = "no push left and no notice possible"


@dataclass(slots=True)
class _Attempt:
    """One message on its way: how many of its characters left so far, in how many pushes; how many
    more may be pushed; the routes closed to it and why the last one was; `later` where one opens
    again by itself."""

    message: Outbound
    closed: set[Route] = field(default_factory=set)
    left: int = 0
    told: int = 0
    pushes: int = 0
    reason: str = NO_WAY
    later: Retry | None = None

    @property
    def rest(self) -> str:
        return self.message.text[self.told :]

    def close(self, route: Route, reason: str) -> None:
        self.closed.add(route)
        self.reason = reason

    def ended(self, result: Rest) -> SendResult:
        return Partly(self.told, self.pushes, result) if self.told else result


class Router:
    """Of one account."""

    def __init__(
        self,
        account: str,
        customer_service: CustomerService,
        notices: Notices,
        quota: ReplyQuota,
        stops: RouteStops,
        gateway: Gateway,
        clock: Clock,
    ) -> None:
        self._account = account
        self._customer_service = customer_service
        self._notices = notices
        self._quota = quota
        self._stops = stops
        self._gateway = gateway
        self._clock = clock
        self._configured = frozenset({Route.CUSTOMER_SERVICE}) | notices.routes

    async def send(self, message: Outbound) -> SendResult:
        """Tries route after route until one takes the message or none is left."""
        if not parts_of(message.text):
            return Rejected("nothing to send: text is blank")
        attempt = _Attempt(message)
        attempt.closed |= {route for route in NOTICES if route.value in message.noticed_by}
        while (route := await self._next(attempt)) is not None:
            if (stop := await self._stops.of(route)) is not None:
                result = self._stopped(route, stop, attempt)
            elif route is Route.CUSTOMER_SERVICE:
                result = await self._push(attempt)
            else:
                result = await self._notice(route, attempt)
            if result is not None:
                return result
        return attempt.ended(attempt.later or Unreachable(attempt.reason))

    async def _next(self, attempt: _Attempt) -> Route | None:
        parts = parts_of(attempt.rest)
        if Route.CUSTOMER_SERVICE not in attempt.closed:
            attempt.left = await self._quota.left(attempt.message.address, parts)
        situation = Situation(
            parts,
            attempt.left,
            noticeable=attempt.message.about is not None,
            configured=self._configured,
            closed=frozenset(attempt.closed),
        )
        route = next_route(situation)
        if route is None and await self._is_permitted(attempt):
            return next_route(replace(situation, permitted=True))
        return route

    async def _is_permitted(self, attempt: _Attempt) -> bool:
        """Whether the citizen has allowed a subscribe notice; looked up only where it matters."""
        route = Route.SUBSCRIBE
        if attempt.message.about is None or route not in self._configured - attempt.closed:
            return False
        template = self._notices.template_id(route)
        address = attempt.message.address
        return await self._gateway.permitted(self._account, address, template) > 0

    def _stopped(self, route: Route, stop: Stop, attempt: _Attempt) -> SendResult | None:
        again = Retry(stop.reason, (stop.until - self._clock.now()).total_seconds())
        if stop.wait:
            return attempt.ended(again)
        attempt.close(route, stop.reason)
        if stop.daily and route is Route.CUSTOMER_SERVICE:
            attempt.later = again
        return None

    async def _push(self, attempt: _Attempt) -> SendResult | None:
        address = attempt.message.address
        pushed = await self._customer_service.send(address, attempt.rest, attempt.left)
        attempt.told += pushed.told
        attempt.pushes += pushed.parts
        # One that may have arrived counts: better one too few than one refused.
        in_doubt = isinstance(pushed.failure, OutcomeUnknown)
        await self._quota.pushed(address, pushed.parts + in_doubt)
        if pushed.failure is not None:
            return await self._failed(Route.CUSTOMER_SERVICE, pushed.failure, attempt)
        if not parts_of(attempt.rest):
            return Sent(pushes=attempt.pushes)
        attempt.close(Route.CUSTOMER_SERVICE, "longer than what may be pushed at once")
        return None

    async def _notice(self, route: Route, attempt: _Attempt) -> SendResult | None:
        message = attempt.message
        assert message.about is not None, "next_route asks for that"
        try:
            provider_id = await self._notices.send(route, message, message.about)
        except OutcomeUnknown as failure:
            # Not the answer itself: a notice that may have arrived forbids no other way.
            attempt.close(route, f"notice: no answer from WeChat: {failure}")
            return None
        except (TokenUnavailable, NotSent, WechatError) as failure:
            return await self._failed(route, failure, attempt)
        spent = self._notices.template_id(route) if route is Route.SUBSCRIBE else ""
        return attempt.ended(Noticed(route.value, provider_id, spent))

    async def _failed(self, route: Route, failure: Failure, attempt: _Attempt) -> SendResult | None:
        """What follows; None: the next route is to be tried."""
        match failure:
            case TokenUnavailable():
                return attempt.ended(Retry(failure.reason, failure.after))
            case NotSent():
                return attempt.ended(Retry(f"not sent: {failure}"))
            case OutcomeUnknown():
                return attempt.ended(Unknown(f"no answer from WeChat: {failure}"))
            case WechatError():
                return await self._refused(route, failure, attempt)

    async def _refused(
        self, route: Route, error: WechatError, attempt: _Attempt
    ) -> SendResult | None:
        policy = error.policy
        reason = f"{policy.reason} ({error.errcode})"
        await self._stops.stop(route, policy, reason)
        await self._correct(policy.corrects, error.errcode, attempt.message)
        match policy.action:
            case Action.RETRY | Action.REFRESH:
                return attempt.ended(Retry(reason, policy.after))
            case Action.REROUTE if policy.stops is not None:
                return None  # the stop closes it
            case Action.REROUTE:
                attempt.close(route, reason)
                return None
            case _ if route in NOTICES:
                # The notice is refused, not the message.
                attempt.close(route, reason)
                return None
            case Action.SPLIT:
                return attempt.ended(Rejected("content too long however short"))
            case _:
                return attempt.ended(Rejected(reason))

    async def _correct(self, what: Corrects | None, errcode: int, message: Outbound) -> None:
        if what is Corrects.QUOTA:
            await self._quota.refused(message.address)
        if what is Corrects.PERMISSION and Route.SUBSCRIBE in self._configured:
            refused = NoticePermission(
                self._account,
                message.address,
                self._notices.template_id(Route.SUBSCRIBE),
                f"{errcode}:{message.outbox_id}",
                allowed=False,
            )
            try:
                await self._gateway.permission(refused)
            except InboxUnavailable:
                # WeChat will refuse the next one too, and be asked once for each.
                log.warning("wechat.permission_not_ended", account=self._account)
