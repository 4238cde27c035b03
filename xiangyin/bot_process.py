"""How a bot worker of this project is started and asked whether it is well."""

from __future__ import annotations

from pathlib import Path

from xiangyin.child import ChildSpec
from xiangyin.probes import http_health
from xiangyin.settings import BOT_PYTHON, PROJECT, Settings


def bot_spec(settings: Settings, path: Path) -> ChildSpec:
    """A worker that listens on the Unix socket `path`; its log lies in `var_dir`."""
    return ChildSpec(
        name=path.stem,
        command=(BOT_PYTHON, "-m", "bot", "serve", "--socket", path),
        probe=lambda: http_health("http://bot/health", socket=path),
        cwd=PROJECT,
        log=settings.var_dir / "log" / f"{path.stem}.log",
        files=(path,),
    )
