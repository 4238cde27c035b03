"""Real services for tests, by package, where the machine allows it (root and apt-get)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from project import InstallError, clean_environment, run, say

NO_SERVICES = Path("/usr/sbin/policy-rc.d")


def _any(pattern: str) -> Callable[[], bool]:
    return lambda: any(Path("/").glob(pattern))


# Debian package -> whether what it brings is here.
PACKAGES: dict[str, Callable[[], bool]] = {
    "postgresql": _any("usr/lib/postgresql/*/bin/initdb"),
    "kannel": _any("usr/sbin/bearerbox"),
    "kannel-extras": _any("usr/lib/kannel/test/fakesmsc"),
    "chromium": lambda: shutil.which("chromium") is not None,
    "fonts-noto-cjk": _any("usr/share/fonts/**/NotoSansCJK*"),
}


@contextmanager
def _packages_start_nothing() -> Iterator[None]:
    """Debian's packages start their daemons when installed; tests start their own."""
    if NO_SERVICES.exists():
        yield
        return
    NO_SERVICES.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    NO_SERVICES.chmod(0o755)
    try:
        yield
    finally:
        NO_SERVICES.unlink()


def install_services() -> None:
    """Install what is missing; where that is not possible, say so: those tests will be skipped,
    or fail with CI=true."""
    missing = [package for package, present in PACKAGES.items() if not present()]
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        say(f"缺少 {' '.join(missing)}，用到它们的测试会跳过（apt-get install 需要 root）")
        return
    say(f"安装测试用的服务：{' '.join(missing)}")
    environment = clean_environment(DEBIAN_FRONTEND="noninteractive")
    try:
        run(["apt-get", "update", "-q"], env=environment, quiet=True)
        with _packages_start_nothing():
            run(
                ["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing],
                env=environment,
                quiet=True,
            )
    except InstallError as error:
        say(f"没有装成，用到它们的测试会跳过；CI=true 时算失败：\n{error}")
