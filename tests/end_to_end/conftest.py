from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest

from tests.end_to_end.town import Town


class OpenTown(Protocol):
    def __call__(
        self, database_url: str, settings: Mapping[str, str] = ..., port: int = ...
    ) -> AbstractAsyncContextManager[Town]: ...


@pytest.fixture
def open_town(tmp_path: Path) -> OpenTown:
    """`async with open_town(database_url) as town`: running, and stopped afterwards. No process
    may have died meanwhile."""

    @asynccontextmanager
    async def opened(
        database_url: str, settings: Mapping[str, str] = {}, port: int = 0
    ) -> AsyncIterator[Town]:
        town = Town(database_url, tmp_path, settings=settings, port=port)
        try:
            await town.start()
            yield town
            town.check_alive()
        finally:
            await town.stop()

    return opened
