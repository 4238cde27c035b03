"""The passive route: an answer rides back in the reply of the webhook that brought the message.

What waits for the same address rides with it, in order. A retry of the same message gets what left
by this route before: WeChat shows only the reply on the connection it still holds.

Where this is the account's only route, a text longer than one reply holds rides in part: `cut` is
where the part ends, and the rest is kept for the next contact.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, case, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.outbox import LEFT, OPEN, in_states
from backend.conversation.tables import message, outbox
from backend.ports import PassiveReply

# What a webhook's reply surely holds, in UTF-8: 2,048 in the narrowest channel.
MOST_BYTES = 2_000
BETWEEN = "\n\n"
# A shorter part is not worth a reply.
LEAST_PART = 300
_SENTENCE_END = re.compile(r".*[。！？；\n]", re.DOTALL)

_c = outbox.c
_ANSWER = (
    select(_c.id, _c.address_id, _c.state, LEFT, _c.route, _c.carried, _c.carried_for)
    .join(message, message.c.turn_id == _c.turn_id)
    .where(message.c.id == bindparam("to_message"), _c.lane == "reply")
)
_ANSWER_LOCKED = _ANSWER.with_for_update(of=outbox)
_earlier = outbox.alias("earlier")
_CLAIM = update(outbox).values(
    state="sending",
    route="passive",
    rides_with=bindparam("answer"),
    carried_for=bindparam("for_message"),
    carried=bindparam("take"),
    claimed_by=bindparam("owner"),
    claimed_until=bindparam("until"),
    attempts=_c.attempts + 1,
)
_CLAIM_ALONE = _CLAIM.where(
    _c.id == bindparam("answer"),
    _c.state == "queued",
    ~exists().where(
        _earlier.c.address_id == _c.address_id,
        _earlier.c.id < _c.id,
        _earlier.c.lane != "push",
        _earlier.c.state.in_(OPEN),
    ),
)
_CUT = update(outbox).where(_c.id == bindparam("which")).values(cut=_c.told + bindparam("length"))
_CLAIM_ALL = _CLAIM.where(_c.id.in_(bindparam("ids", expanding=True)), _c.state == "queued")
_WAITING_BEFORE = (
    select(_c.id, LEFT, _c.state)
    .where(
        in_states(OPEN),
        _c.address_id == bindparam("at_address"),
        _c.id < bindparam("answer"),
        _c.lane != "push",
    )
    .order_by(_c.id)
    .with_for_update()
)
_of_answer = outbox.alias("answer")
# The answer's row and those that ride with it (found by their address's index).
_RIDING = (
    _c.route == "passive",
    _c.address_id
    == select(_of_answer.c.address_id)
    .where(_of_answer.c.id == bindparam("answer"))
    .scalar_subquery(),
    (_c.id == bindparam("answer")) | (_c.rides_with == bindparam("answer")),
)
_KEPT_IN_PART = (_c.state == "kept") & _c.cut.is_not(None)
_CARRIED_BEFORE = (
    select(_c.id, LEFT, (_c.cut - _c.told).label("part"))
    .where(*_RIDING, _c.state.in_(("sending", "sent", "unknown")) | _KEPT_IN_PART)
    .order_by(_c.id)
)
_TAKEN_AGAIN = update(outbox).where(*_RIDING).values(carried=bindparam("take"))
# Not by a try that WeChat had given up when another took the answer.
_BY_THE_LAST = (*_RIDING, _c.carried == bindparam("take"))
_WRITTEN = update(outbox).where(
    *_BY_THE_LAST, _c.state.in_(("sending", "unknown", "sent")) | _KEPT_IN_PART
)
_WHOLE = _WRITTEN.values(
    state=case((_c.cut.is_(None), "sent"), else_="kept"), sent_at=bindparam("now")
)
_NOT_WHOLE = _WRITTEN.values(state="unknown")
_GIVE_BACK = (
    update(outbox)
    .where(*_BY_THE_LAST, _c.state == "sending")
    .values(
        state="queued",
        route=None,
        rides_with=None,
        carried_for=None,
        cut=None,
        due_at=bindparam("now"),
    )
)


class AnotherLeaving(Exception):
    """An earlier message to the same address is leaving at this moment, or nobody knows yet whether
    it has left: wait for it."""


async def claim(
    connection: AsyncConnection,
    message_id: int,
    owner: str,
    now: datetime,
    seconds: float,
    *,
    after_part: str | None = None,
) -> PassiveReply | None:
    """Claim the answer to this message, with what waits before it, for a webhook's reply. None:
    not read yet, nothing to say, or another route has it. `after_part`: the words behind a part of
    a text, where there is no other route; without them every text rides whole. Raises
    AnotherLeaving."""
    answer = (await connection.execute(_ANSWER, {"to_message": message_id})).first()
    if answer is None:
        return None
    if answer.state != "queued":
        return await _carried_before(connection, message_id, after_part)
    claiming = {
        "answer": answer.id,
        "for_message": message_id,
        "owner": owner,
        "until": now + timedelta(seconds=seconds),
    }
    take = answer.carried + 1
    if after_part is None or _size(answer.text) <= MOST_BYTES:
        alone = await connection.execute(_CLAIM_ALONE, {**claiming, "take": take})
        if alone.rowcount == 1:
            return PassiveReply(answer.id, answer.text, take)
    answer = (await connection.execute(_ANSWER_LOCKED, {"to_message": message_id})).one()
    if answer.state != "queued":
        return await _carried_before(connection, message_id, after_part)
    riding = [*await _waiting_before(connection, answer, after_part), _riding(answer, after_part)]
    take = answer.carried + 1
    ids = [each.id for each in riding]
    await connection.execute(_CLAIM_ALL, {**claiming, "take": take, "ids": ids})
    for each in riding:
        if each.part is not None:
            await connection.execute(_CUT, {"which": each.id, "length": each.part})
    return PassiveReply(answer.id, _joined(riding, after_part), take)


async def written(
    connection: AsyncConnection, reply: PassiveReply, now: datetime, *, whole: bool
) -> None:
    """Record what became of a claimed reply. Not written whole: the provider may or may not have
    read it; its retry asks again. It would not have asked again had it taken the reply that was
    written before."""
    of_reply = {"answer": reply.outbox_id, "take": reply.take}
    if whole:
        await connection.execute(_WHOLE, {**of_reply, "now": now})
    else:
        await connection.execute(_NOT_WHOLE, of_reply)


async def give_back(connection: AsyncConnection, reply: PassiveReply, now: datetime) -> None:
    """Nothing of it was written: it goes by the active route, unless another try carries it."""
    await connection.execute(
        _GIVE_BACK, {"answer": reply.outbox_id, "take": reply.take, "now": now}
    )


@dataclass(frozen=True, slots=True)
class _Riding:
    """`text` is all that is left to say; `part`: so many characters of it ride, None for all."""

    id: int
    text: str
    part: int | None = None


def _riding(row: Row[*tuple[Any, ...]], after_part: str | None, room: int = MOST_BYTES) -> _Riding:
    """In part where it is over `room` bytes, to the end of a sentence if one ends there."""
    if after_part is None or _size(row.text) <= room:
        return _Riding(row.id, row.text)
    fits = row.text.encode()[: room - _size(after_part)].decode(errors="ignore")
    end = _SENTENCE_END.match(fits)
    return _Riding(row.id, row.text, len(end[0] if end else fits))


async def _waiting_before(
    connection: AsyncConnection, answer: Row[*tuple[Any, ...]], after_part: str | None
) -> list[_Riding]:
    """Earlier rows of the same address, oldest first, as many as one reply may hold."""
    rows = await connection.execute(
        _WAITING_BEFORE, {"at_address": answer.address_id, "answer": answer.id}
    )
    earlier = rows.all()
    if any(row.state == "sending" for row in earlier):
        raise AnotherLeaving
    room = MOST_BYTES - _size(answer.text)
    riding = []
    for row in earlier:
        room -= len(BETWEEN)
        if _size(row.text) > room:
            if after_part is not None and room >= LEAST_PART:
                riding.append(_riding(row, after_part, room))
            break
        riding.append(_Riding(row.id, row.text))
        room -= _size(row.text)
    return riding


def _size(text: str) -> int:
    return len(text.encode())


async def _carried_before(
    connection: AsyncConnection, message_id: int, after_part: str | None
) -> PassiveReply | None:
    """What a try of the same message took before; nothing for another message that was read with
    it, whose webhook would show it a second time."""
    answer = (await connection.execute(_ANSWER_LOCKED, {"to_message": message_id})).one()
    if answer.route != "passive" or answer.carried_for != message_id:
        return None
    rows = (await connection.execute(_CARRIED_BEFORE, {"answer": answer.id})).all()
    riding = [_Riding(row.id, row.text, row.part) for row in rows]
    take = answer.carried + 1
    await connection.execute(_TAKEN_AGAIN, {"answer": answer.id, "take": take})
    return PassiveReply(answer.id, _joined(riding, after_part), take)


def _joined(riding: Sequence[_Riding], after_part: str | None) -> str:
    return BETWEEN.join(
        each.text if each.part is None else f"{each.text[: each.part].rstrip()}{after_part or ''}"
        for each in riding
    )
