"""Routes that rest for the whole account, because WeChat said so: of all processes, until then.

Known here at once, and in the shared store for the others; lost with both, and then WeChat says it
again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from backend.ports import Clock
from channels.wechat.beijing_time import midnight_after
from channels.wechat.errcode import MIDNIGHT, Action, Policy
from channels.wechat.route import Route
from channels.wechat.shared_state import SharedState

# Other processes hear of a stop within so many seconds; until then they are told by WeChat.
LOOK_EVERY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Stop:
    """`wait`: the route will be the right one again soon, so that messages wait for it instead of
    taking another. `daily`: it opens again by itself at midnight. `operator` as in a Policy."""

    until: datetime
    wait: bool
    daily: bool
    reason: str
    operator: str = ""


class RouteStops:
    """Of one account."""

    def __init__(self, account: str, shared: SharedState, clock: Clock) -> None:
        self._account = account
        self._shared = shared
        self._clock = clock
        self._stops: dict[Route, Stop] = {}
        self._looked: dict[Route, datetime] = {}

    async def stop(self, route: Route, policy: Policy, reason: str) -> None:
        """As the policy of an errcode says; nothing where it stops nothing."""
        if policy.stops is None:
            return
        now = self._clock.now()
        daily = policy.stops == MIDNIGHT
        until = midnight_after(now) if daily else now + timedelta(seconds=float(policy.stops))
        stop = Stop(until, policy.action is Action.RETRY, daily, reason, policy.operator)
        self._stops[route] = stop
        await self._shared.set(
            self._key(route), _dump(stop), seconds=max(1.0, (until - now).total_seconds())
        )

    async def of(self, route: Route) -> Stop | None:
        """The stop that holds now."""
        now = self._clock.now()
        looked = self._looked.get(route)
        if looked is None or now - looked >= LOOK_EVERY:
            self._looked[route] = now
            text = await self._shared.get(self._key(route))
            if text is not None and (heard := _load(text)) is not None:
                self._stops[route] = heard
        stop = self._stops.get(route)
        return stop if stop is not None and stop.until > now else None

    async def for_operator(self) -> str:
        """What a person has to mend of the stops that hold now, in Chinese; '' where nothing."""
        stops = [await self.of(route) for route in Route]
        return next((stop.operator for stop in stops if stop is not None and stop.operator), "")

    def _key(self, route: Route) -> str:
        return f"wechat:{self._account}:stopped:{route.value}"


def _dump(stop: Stop) -> str:
    return json.dumps({**asdict(stop), "until": stop.until.isoformat()})


def _load(text: str) -> Stop | None:
    try:
        stored = json.loads(text)
        return Stop(**{**stored, "until": datetime.fromisoformat(stored["until"])})
    except (ValueError, KeyError, TypeError):
        return None
