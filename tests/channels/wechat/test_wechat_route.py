"""The choice of the route: each rule by example, and what must hold whatever the situation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.wechat.quota import MOST_AT_ONCE
from channels.wechat.route import NOTICES, Route, Situation, next_route

PUSH, TEMPLATE, SUBSCRIBE = Route.CUSTOMER_SERVICE, Route.TEMPLATE, Route.SUBSCRIBE


@pytest.mark.parametrize(
    ("situation", "route"),
    [
        (Situation(1, 5), PUSH),
        (Situation(5, 5), PUSH),
        # Half an answer is worse than a notice that leads to all of it.
        (Situation(3, 2, noticeable=True), TEMPLATE),
        (Situation(3, 2), None),
        # Longer than any quota: it has to begin.
        (Situation(7, 5), PUSH),
        (Situation(7, 4, noticeable=True), TEMPLATE),
        (Situation(1, 0), None),
        (Situation(1, 0, noticeable=True), TEMPLATE),
        (Situation(1, 0, noticeable=True, configured=frozenset({PUSH, SUBSCRIBE})), None),
        (
            Situation(
                1, 0, noticeable=True, configured=frozenset({PUSH, SUBSCRIBE}), permitted=True
            ),
            SUBSCRIBE,
        ),
        (Situation(1, 0, noticeable=True, permitted=True), TEMPLATE),
        (
            Situation(1, 0, noticeable=True, permitted=True, closed=frozenset({TEMPLATE})),
            SUBSCRIBE,
        ),
        (Situation(1, 5, noticeable=True, closed=frozenset({PUSH})), TEMPLATE),
        (Situation(1, 5, noticeable=True, permitted=True, closed=frozenset(Route)), None),
        (Situation(0, 5), None),
    ],
)
def test_the_table(situation: Situation, route: Route | None) -> None:
    assert next_route(situation) is route


ROUTES = st.frozensets(st.sampled_from(Route))
SITUATIONS = st.builds(
    Situation,
    parts=st.integers(1, 12),
    left=st.integers(0, 8),
    noticeable=st.booleans(),
    configured=ROUTES,
    permitted=st.booleans(),
    closed=ROUTES,
)


@given(SITUATIONS)
def test_only_what_may_be_done_is_chosen(situation: Situation) -> None:
    route = next_route(situation)
    if route is None:
        return
    assert route in situation.configured - situation.closed
    if route is PUSH:
        assert situation.left >= min(situation.parts, MOST_AT_ONCE)
    if route in NOTICES:
        assert situation.noticeable, "a notice without a page it leads to"
        # The answer itself goes before any notice of it.
        assert (
            PUSH in situation.closed
            or PUSH not in situation.configured
            or (situation.left < min(situation.parts, MOST_AT_ONCE))
        )
    if route is SUBSCRIBE:
        assert situation.permitted


@given(SITUATIONS)
def test_trying_one_after_another_comes_to_an_end(situation: Situation) -> None:
    closed = situation.closed
    tried = []
    while True:
        now = Situation(
            situation.parts,
            situation.left,
            noticeable=situation.noticeable,
            configured=situation.configured,
            permitted=situation.permitted,
            closed=closed,
        )
        if (route := next_route(now)) is None:
            break
        tried.append(route)
        closed |= {route}
    assert tried == sorted(set(tried), key=list(Route).index)
