"""Find the Python a folder's `.python-version` asks for, or let uv fetch it.

Version managers are looked into directly: their shims on PATH answer for whatever version the
current folder is pinned to, or only with an error.
"""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Iterator
from pathlib import Path

from project import InstallError, clean_environment, run, say
from uv import uv, uv_environment

# What a Python built without development headers may lack.
NEEDED = "import bz2, ctypes, lzma, sqlite3, ssl, zlib"
QUERY = f"{NEEDED}; import sys; print('%d.%d' % sys.version_info[:2])"


def _homes() -> list[Path]:
    """HOME, and the account's own home where HOME was turned elsewhere (CI, sudo)."""
    homes = [Path.home(), Path(pwd.getpwuid(os.getuid()).pw_dir)]
    return list(dict.fromkeys(homes))


def _managed() -> Iterator[Path]:
    """Folders that hold one installation per version."""
    for home in _homes():
        yield Path(os.environ.get("PYENV_ROOT") or home / ".pyenv") / "versions"
        yield home / ".pyenv" / "versions"
        yield home / ".asdf" / "installs" / "python"
        yield home / ".local" / "share" / "mise" / "installs" / "python"
        yield home / ".rye" / "py"


def _newest_first(path: Path) -> tuple[int, ...]:
    return tuple(-int(number) for number in re.findall(r"\d+", path.parent.parent.name))


def _candidates(version: str) -> Iterator[Path]:
    for folder in _managed():
        yield from sorted(folder.glob(f"*{version}*/bin/python{version}"), key=_newest_first)
    for place in ("/usr/local/bin", "/usr/bin"):
        yield Path(place) / f"python{version}"


def _fits(python: Path, version: str) -> bool:
    try:
        if not python.exists():
            return False
        answer = run([python, "-c", QUERY], env=clean_environment(), quiet=True, seconds=30)
    except (InstallError, OSError):
        return False
    return answer.strip() == version


def find_python(folder: Path) -> Path:
    """An interpreter of the version in `folder`'s `.python-version`. Raises InstallError."""
    version = (folder / ".python-version").read_text(encoding="utf-8").strip()
    for python in dict.fromkeys(_candidates(version)):
        if _fits(python, version):
            return python
    say(f"没有找到 Python {version}，由 uv 下载")
    environment = uv_environment()
    try:
        run([uv(), "python", "install", version], cwd=folder, env=environment)
        found = run(
            [uv(), "python", "find", "--managed-python", version],
            cwd=folder,
            env=environment,
            quiet=True,
        )
    except InstallError as error:
        raise InstallError(
            f"需要 Python {version}，本机没有，也下载不了。\n"
            f"可以用 pyenv install {version} 安装，"
            f"或用 UV_PYTHON_INSTALL_MIRROR 指定下载镜像。\n{error}"
        ) from error
    return Path(found.strip().split("\n")[-1])
