"""For rooms whose tests begin with the example county: their databases come with it.

`World.create` finds everything there and changes nothing; building it for each test took longer
than most tests.
"""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="session")
def sqlite_template(sqlite_county: Any) -> Any:
    return sqlite_county


@pytest.fixture(scope="session")
def postgres_template(postgres_county: Any) -> Any:
    return postgres_county
