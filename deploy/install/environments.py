"""The two Python environments, from hashed lock files, again only when a lock changed."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from project import LOCKS, PROJECT, digest, run, say, stamped
from pythons import find_python
from uv import uv, uv_environment

# Makes `xiangyin` a command of the environment; no package of ours is built or installed.
COMMAND = """#!{python}
import sys

sys.path.insert(0, {project!r})
from xiangyin.cli import main

sys.exit(main())
"""


@dataclass(frozen=True)
class Environment:
    """`folder` has the `.python-version`; `locks` name each profile's lock, smallest first."""

    name: str
    folder: Path
    locks: dict[str, Path]

    @property
    def root(self) -> Path:
        return self.folder / ".venv"

    @property
    def python(self) -> Path:
        return self.root / "bin" / "python"

    @property
    def stamp(self) -> Path:
        return self.root / ".installed"


APP = Environment(
    "乡音",
    PROJECT,
    {"app": LOCKS / "app.txt", "ocr": LOCKS / "ocr.txt", "dev": LOCKS / "dev.txt"},
)
BOT = Environment(
    "机器人", PROJECT / "bot", {"bot": LOCKS / "bot.txt", "bot-dev": LOCKS / "bot-dev.txt"}
)


def _mark(environment: Environment, profile: str) -> str:
    return f"{profile} {environment.root} {digest(environment.locks[profile])}"


def install(environment: Environment, profile: str) -> None:
    """Make the environment hold exactly the lock of `profile`; a larger profile will do too.

    Raises InstallError.
    """
    profiles = list(environment.locks)
    enough = profiles[profiles.index(profile) :]
    if environment.python.exists() and any(
        stamped(environment.stamp, _mark(environment, name)) for name in enough
    ):
        return
    profile = _installed_before(environment, enough) or profile
    python = find_python(environment.folder)
    say(f"准备{environment.name}的环境（{python}）")
    settings = uv_environment()
    if environment.root.exists() and not _whole(environment):
        shutil.rmtree(environment.root)
    if not environment.root.exists():
        run(
            [uv(), "venv", "--quiet", "--python", python, environment.root],
            cwd=environment.folder,
            env=settings,
        )
    environment.stamp.unlink(missing_ok=True)
    # Before a person uv shows its progress, and at the end the long list of packages.
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    run(
        [uv(), "pip", "sync", *quiet, "--require-hashes", "--python", environment.python,
         environment.locks[profile]],
        cwd=environment.folder, env=settings,
    )  # fmt: skip
    environment.stamp.write_text(_mark(environment, profile), encoding="utf-8")


def _installed_before(environment: Environment, profiles: list[str]) -> str | None:
    # A lock changed: what was installed for tests stays installed for tests.
    try:
        before = environment.stamp.read_text(encoding="utf-8").split(" ")[0]
    except OSError:
        return None
    return before if before in profiles else None


def _whole(environment: Environment) -> bool:
    """False where the environment moved or its Python was taken away."""
    if not environment.python.exists():
        return False
    configuration = environment.root / "pyvenv.cfg"
    wanted = (environment.folder / ".python-version").read_text(encoding="utf-8").strip()
    return configuration.exists() and f"version_info = {wanted}." in configuration.read_text(
        encoding="utf-8"
    )


def write_command() -> None:
    """`.venv/bin/xiangyin`."""
    command = APP.root / "bin" / "xiangyin"
    text = COMMAND.format(python=APP.python, project=str(PROJECT))
    if not stamped(command, text):
        command.write_text(text, encoding="utf-8")
        command.chmod(0o755)
