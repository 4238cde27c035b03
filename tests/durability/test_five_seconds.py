"""The five seconds, whatever happens in them: at most one copy of an answer reaches the citizen,
exactly one unless a process died or timed out between sending and knowing, and in order. That it
was so is no excuse at hand for every answer: `course.py` asks whether it can have been.

That it can fail is a test of its own below, by mistakes put in on purpose. The first and the third
stood in the code until this was written: two messages read together both had the answer ride back,
and an answer overtook one whose process had died with it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import outbox as rules
from backend.conversation import passive, sender, steps
from backend.ports import Outbound, PassiveReply, Retry, SendResult, Unknown
from channels.wechat import router
from channels.wechat.webhook import Webhook
from tests.durability.course import Plan, Said, run, with_accounts
from tests.durability.simulated import ACCOUNTS

SIMULATIONS = int(os.environ.get("XIANGYIN_SIMULATIONS", "25"))
# Of these on PostgreSQL, where time cannot be leapt over while the server works.
SHARE_ON_POSTGRESQL = 0.4

# Around the moments at which a try ends, the answer changes its route, or the tries are over.
THINKS = st.one_of(
    st.floats(0.0, 1.0),
    st.floats(3.5, 5.5),
    st.floats(8.5, 10.5),
    st.floats(13.5, 17.0),
)
SAID = st.builds(Said, st.integers(0, 1), st.floats(0.0, 12.0), THINKS)
DEATHS = st.tuples(
    st.sampled_from((*steps.STEPS, *steps.PASSIVE_STEPS)),
    st.integers(1, 4),
    st.sampled_from((0.1, 3.0, 6.0, 30.0)),
)
FAULTS = st.sampled_from(("hang", "hang done", "drop", "drop done", "busy"))
PLANS = st.builds(
    Plan,
    split=st.booleans(),
    wired=st.booleans(),
    accounts=st.tuples(*[st.sampled_from(sorted(ACCOUNTS))] * 2),
    said=st.lists(SAID, min_size=1, max_size=6).map(tuple),
    deaths=st.lists(DEATHS, max_size=3).map(tuple),
    faults=st.lists(FAULTS, max_size=2).map(tuple),
    seed=st.integers(0, 1000),
)


def simulations(count: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return settings(
        max_examples=count,
        deadline=None,
        derandomize="XIANGYIN_SIMULATIONS" not in os.environ,
        database=None,
        # Making a course smaller takes as long as a hundred others: the story says what happened.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def test_one_copy_of_every_answer_in_order(database_url: str, dialect: str, tmp_path: Path) -> None:
    url = with_accounts(database_url)

    @simulations(round(SIMULATIONS * (1 if dialect == "sqlite" else SHARE_ON_POSTGRESQL)))
    @given(PLANS)
    def every(plan: Plan) -> None:
        run(plan, url, tmp_path)

    every()


def _plan(*said: Said, account: str = "town", **more: Any) -> Plan:
    course = {"split": True, "wired": True, "deaths": (), "faults": (), "seed": 7, **more}
    return Plan(accounts=(account, account), said=said, **course)


def _for_any_message(patched: pytest.MonkeyPatch) -> None:
    carried_before = passive._carried_before

    async def careless(
        connection: AsyncConnection, message_id: int, after_part: str | None
    ) -> PassiveReply | None:
        answer = (await connection.execute(passive._ANSWER, {"to_message": message_id})).one()
        return await carried_before(connection, answer.carried_for or message_id, after_part)

    patched.setattr(passive, "_carried_before", careless)


def _overtaking(patched: pytest.MonkeyPatch) -> None:
    async def alone(*_: Any) -> list[Any]:
        return []

    patched.setattr(passive, "_waiting_before", alone)


def _without_claim(patched: pytest.MonkeyPatch) -> None:
    async def always(connection: AsyncConnection, message_id: int, *_: Any, **__: Any) -> Any:
        answer = (await connection.execute(passive._ANSWER, {"to_message": message_id})).first()
        return PassiveReply(answer.id, answer.text, answer.carried + 1) if answer else None

    patched.setattr(passive, "claim", always)


def _repeating_blindly(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(sender, "Unknown", Retry)
    patched.setattr(router, "Unknown", Retry)


def _settled_as_unsent(patched: pytest.MonkeyPatch) -> None:
    settle = rules.settle_abandoned

    async def all_again(connection: AsyncConnection, _idempotent: Any, now: Any) -> int:
        return await settle(connection, [1, 2], now)

    patched.setattr(rules, "settle_abandoned", all_again)


def _first_not_shown(patched: pytest.MonkeyPatch, *, held: bool) -> None:
    carry = Webhook._carry
    lost: set[int] = set()

    async def lose(
        self: Webhook, request: web.Request, push: Any, reply: PassiveReply, received_at: Any
    ) -> web.StreamResponse:
        if not lost:
            lost.add(reply.outbox_id)
        if reply.outbox_id not in lost:
            return await carry(self, request, push, reply, received_at)
        await self._gateway.reply_written(reply, written=False)
        if held:
            return await self._hold(request, received_at)
        return web.Response(text="success")

    patched.setattr(Webhook, "_carry", lose)


def _acknowledged_unseen(patched: pytest.MonkeyPatch) -> None:
    _first_not_shown(patched, held=False)


def _held_unseen(patched: pytest.MonkeyPatch) -> None:
    _first_not_shown(patched, held=True)


def _never_pushed(patched: pytest.MonkeyPatch) -> None:
    async def give_up(_self: router.Router, _message: Outbound) -> SendResult:
        return Unknown("not even tried")

    patched.setattr(router.Router, "send", give_up)


MUTANTS: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], Plan, str]] = {
    "carried for any message read with it": (
        _for_any_message,
        _plan(Said(0, 0.0, 2.0), Said(0, 0.5, 0.5), Said(0, 0.7, 0.5)),
        "told 2 times",
    ),
    "carried without a claim": (_without_claim, _plan(Said(0, 0.0, 1.0)), "told 2 times"),
    "an answer overtakes one that is leaving": (
        _overtaking,
        _plan(Said(0, 0.0, 0.0), Said(0, 1.5, 0.0), deaths=(("passive.claimed", 1, 0.1),)),
        "out of order",
    ),
    "a push without an answer is repeated": (
        _repeating_blindly,
        _plan(Said(0, 0.0, 6.0), faults=("hang done",)),
        "told 2 times",
    ),
    "what a dead sender had is sent again": (
        _settled_as_unsent,
        _plan(Said(0, 0.0, 6.0), deaths=(("outbox.sent", 1, 0.1),)),
        "told 2 times",
    ),
    "a reply is unknown, not shown and acknowledged": (
        _acknowledged_unseen,
        _plan(Said(0, 0.0, 1.0)),
        "was knowable",
    ),
    "a reply is unknown, not shown and its tries are held": (
        _held_unseen,
        _plan(Said(0, 0.0, 1.0), account="village"),
        "was knowable",
    ),
    "a push is unknown and was not tried": (
        _never_pushed,
        _plan(Said(0, 0.0, 6.0), faults=("busy",)),
        "was knowable",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_is_found(
    name: str, sqlite_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mistake, plan, told = MUTANTS[name]
    url = with_accounts(sqlite_database_url)
    run(plan, url, tmp_path)
    mistake(monkeypatch)
    with pytest.raises(AssertionError, match=told):
        run(plan, url, tmp_path)
