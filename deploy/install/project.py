"""Where things lie, and running programs. Standard library only: this runs before anything else."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TOOLS = PROJECT / ".tools"
LOCKS = PROJECT / "locks"
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


class InstallError(Exception):
    """What failed and what the reader can do about it, in Chinese."""


def say(text: str) -> None:
    """One line of progress."""
    print(f"==> {text}", flush=True)


def run(
    command: list[str | Path],
    *,
    cwd: Path = PROJECT,
    env: dict[str, str] | None = None,
    seconds: float = 1800,
    quiet: bool = False,
) -> str:
    """Run a program. Its output is shown as it comes, or kept and given back where `quiet`.

    Raises InstallError with the last lines it wrote.
    """
    shown = " ".join(str(part) for part in command)
    pipe = subprocess.PIPE if quiet else None
    try:
        done = subprocess.run(  # noqa: S603 - our own commands, no shell
            [str(part) for part in command],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=subprocess.STDOUT if quiet else None,
            text=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InstallError(f"{shown}\n{error}") from error
    if done.returncode:
        tail = "\n".join((done.stdout or "").split("\n")[-15:])
        raise InstallError(f"{shown}\n退出码 {done.returncode}\n{tail}")
    return done.stdout or ""


def digest(*paths: Path) -> str:
    """SHA-256 over the contents of files."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()


def stamped(stamp: Path, mark: str) -> bool:
    """True where `stamp` holds `mark`: this step was done with the same input."""
    try:
        return stamp.read_text(encoding="utf-8") == mark
    except OSError:
        return False


def clean_environment(**extra: str) -> dict[str, str]:
    """The environment without what would turn pip, uv or python elsewhere."""
    turning = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT", "UV_PYTHON")
    environment = {name: value for name, value in os.environ.items() if name not in turning}
    return {**environment, **extra}


def fail(error: InstallError) -> int:
    """Print the error; 1 for `sys.exit`."""
    print(f"\n安装没有完成：\n{error}", file=sys.stderr, flush=True)
    return 1
