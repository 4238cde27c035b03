"""One `xiangyin run` of a role at a time in a `var_dir`, and none beside a restore."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def take(folder: Path, role: str) -> int | None:
    """Held until the process ends, however it ends, or the descriptor is closed; None where
    another holds it. Raises OSError."""
    path = folder / f"{role}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
