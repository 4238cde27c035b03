"""How many messages WeChat still lets us push to one citizen, and until when. Pure; the figures
are Tencent's ("客服消息": 下发条数限制)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Trigger(StrEnum):
    """What moves the quota: the citizen wrote; they clicked in the menu, scanned or followed; or
    nothing more may be sent until they come again (they left, or WeChat said so)."""

    WROTE = "wrote"
    ACTED = "acted"
    SHUT = "shut"


@dataclass(frozen=True, slots=True)
class Allowance:
    """`pushes` messages within `lasts`."""

    pushes: int
    lasts: timedelta


# What ends first is used up first.
ALLOWANCES = {
    Trigger.ACTED: Allowance(3, timedelta(minutes=1)),
    Trigger.WROTE: Allowance(5, timedelta(hours=48)),
}
MOST_AT_ONCE = max(each.pushes for each in ALLOWANCES.values())
LONGEST = max(each.lasts for each in ALLOWANCES.values())


@dataclass(frozen=True, slots=True)
class Moment:
    """One time a citizen came, or was lost."""

    at: datetime
    trigger: Trigger


@dataclass(frozen=True, slots=True)
class Quota:
    """`left` messages may be pushed now; the last of them until `until`, None where none is."""

    left: int
    until: datetime | None


@dataclass(slots=True)
class _Window:
    left: int
    until: datetime


def quota(moments: Sequence[Moment], pushed: Sequence[datetime], now: datetime) -> Quota:
    """From the times the citizen came and the times of what was pushed, in any order. Of one
    moment (WeChat gives whole seconds) they came as given, and the pushes last. What is to come is
    now."""
    happened: list[tuple[datetime, Trigger | None]] = [
        *((moment.at, moment.trigger) for moment in moments),
        *((at, None) for at in pushed),
    ]
    windows: dict[Trigger, _Window] = {}
    for at, trigger in sorted(happened, key=lambda one: (one[0], one[1] is None)):
        if trigger is None:
            _take(windows, min(at, now))
        elif trigger is Trigger.SHUT:
            windows.clear()
        else:
            allowance = ALLOWANCES[trigger]
            windows[trigger] = _Window(allowance.pushes, at + allowance.lasts)
    open_now = [one for one in windows.values() if one.until > now and one.left > 0]
    return Quota(
        sum(window.left for window in open_now),
        max((window.until for window in open_now), default=None),
    )


def _take(windows: dict[Trigger, _Window], at: datetime) -> None:
    """One push at that time, from the window it is of."""
    for trigger in ALLOWANCES:
        window = windows.get(trigger)
        if window is not None and window.until > at and window.left > 0:
            window.left -= 1
            return


def still_counting(
    moments: Sequence[Moment], pushed: Sequence[datetime], now: datetime
) -> tuple[list[Moment], list[datetime]]:
    """The moments and pushes that still bear on the quota, now or later: the others may be
    forgotten."""
    wrote = [moment.at for moment in moments if moment.trigger is Trigger.WROTE]
    # A message opens its window anew; only what began shortly before reaches over it.
    since = max([now - LONGEST, *(at - ALLOWANCES[Trigger.ACTED].lasts for at in wrote)])
    return [one for one in moments if one.at >= since], [at for at in pushed if at >= since]
