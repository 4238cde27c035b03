"""What the doctor looks at. Each check gives its finding and, where something is wrong, advice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from xiangyin.checks.clock import check_clock
from xiangyin.checks.data import check_database, check_store
from xiangyin.checks.exposure import check_address, check_exposure
from xiangyin.checks.files import check_files
from xiangyin.checks.finding import Finding, State
from xiangyin.checks.processes import check_app, check_bots, check_models
from xiangyin.settings import Settings

__all__ = ["Finding", "State", "check_all"]


async def check_all(settings: Settings) -> Sequence[Finding]:
    """Every finding, in the order to read them."""
    address, clock, database, store, bots, app = await asyncio.gather(
        check_address(settings),
        check_clock(settings),
        check_database(settings),
        check_store(settings),
        check_bots(settings),
        check_app(settings),
    )
    return [
        *check_files(settings), *check_exposure(settings), *address, *clock,
        database, store, *check_models(settings), *bots, *app,
    ]  # fmt: skip
