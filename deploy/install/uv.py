"""uv in a private folder: no root, and the system's Python is not touched.

Debian marks its Python as externally managed (PEP 668) and splits ensurepip off; `--target` is
allowed all the same, and where pip refuses, the wheel is fetched and unpacked.
"""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from pathlib import Path

from project import (
    LOCKS,
    SYSTEM_CERTIFICATES,
    TOOLS,
    InstallError,
    clean_environment,
    digest,
    run,
    say,
    stamped,
)

LOCK = LOCKS / "uv.txt"
FOLDER = TOOLS / "uv"
STAMP = FOLDER / ".installed"


def _pip_environment() -> dict[str, str]:
    return clean_environment(
        PIP_USER="0",
        PIP_REQUIRE_VIRTUALENV="0",
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PIP_NO_INPUT="1",
    )


def _pips() -> list[list[str | Path]]:
    pips: list[list[str | Path]] = [[sys.executable, "-m", "pip"]]
    pips += [[Path(found)] for name in ("pip3", "pip") if (found := shutil.which(name))]
    return pips


def _install(pip: list[str | Path]) -> None:
    run(
        [*pip, "install", "--quiet", "--target", FOLDER, "--no-deps", "--only-binary", ":all:",
         "--require-hashes", "-r", LOCK],
        env=_pip_environment(), quiet=True,
    )  # fmt: skip


def _unpack(pip: list[str | Path]) -> None:
    downloads = TOOLS / "downloads"
    shutil.rmtree(downloads, ignore_errors=True)
    run(
        [*pip, "download", "--quiet", "--dest", downloads, "--no-deps", "--only-binary", ":all:",
         "--require-hashes", "-r", LOCK],
        env=_pip_environment(), quiet=True,
    )  # fmt: skip
    for wheel in downloads.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(FOLDER)  # pip checked its hash
    shutil.rmtree(downloads)


def _program() -> Path | None:
    for place in ("bin/uv", "*.data/scripts/uv"):
        for path in FOLDER.glob(place):
            path.chmod(0o755)
            return path
    return None


def uv() -> Path:
    """The private uv, installed at first use. Raises InstallError."""
    mark = digest(LOCK)
    program = _program()
    if program and stamped(STAMP, mark):
        return program
    say("安装 uv（放在 .tools/，不需要 root）")
    failures = []
    for way in (_install, _unpack):
        for pip in _pips():
            shutil.rmtree(FOLDER, ignore_errors=True)
            FOLDER.mkdir(parents=True)
            try:
                way(pip)
            except InstallError as error:
                failures.append(str(error))
                continue
            program = _program()
            if program:
                run([program, "--version"], quiet=True)
                STAMP.write_text(mark, encoding="utf-8")
                return program
    raise InstallError(
        "\n".join(["装不上 uv；请确认装有 pip（apt-get install python3-pip）", *failures])
    )


def _pip_index() -> str | None:
    """The package mirror this machine's pip is set to, if any: uv does not read pip's settings."""
    try:
        pip: list[str | Path] = [sys.executable, "-m", "pip"]
        found = run([*pip, "config", "get", "global.index-url"], env=_pip_environment(), quiet=True)
    except InstallError:
        return None
    return found.strip().split("\n")[-1] or None


def uv_environment() -> dict[str, str]:
    """For every call of uv: its own Pythons and, if the home is not writable, its own cache."""
    extra = {"UV_PYTHON_INSTALL_DIR": str(TOOLS / "python")}
    if SYSTEM_CERTIFICATES.exists():
        # As pip does: trust what the machine trusts, such as an office's own gateway.
        extra["UV_SYSTEM_CERTS"] = "1"
    if not os.access(Path.home(), os.W_OK):
        extra["UV_CACHE_DIR"] = str(TOOLS / "cache")
    chosen = {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & set(os.environ)
    mirror = None if chosen else os.environ.get("PIP_INDEX_URL") or _pip_index()
    if mirror:
        extra["UV_DEFAULT_INDEX"] = mirror
    return clean_environment(**extra)
