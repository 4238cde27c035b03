"""Where Debian's Kannel lies."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class KannelBinaries:
    """`bearerbox` and `smsbox` of package kannel, `fakesmsc` of package kannel-extras."""

    bearerbox: Path
    smsbox: Path
    fakesmsc: Path


def _which(name: str, *places: str) -> Path | None:
    found = shutil.which(name) or next((p for p in places if Path(p).is_file()), None)
    return Path(found) if found else None


def find_kannel() -> KannelBinaries | None:
    """All three programs, or None."""
    bearerbox = _which("bearerbox", "/usr/sbin/bearerbox")
    smsbox = _which("smsbox", "/usr/sbin/smsbox")
    fakesmsc = _which("fakesmsc", "/usr/lib/kannel/test/fakesmsc")
    if bearerbox and smsbox and fakesmsc:
        return KannelBinaries(bearerbox, smsbox, fakesmsc)
    return None


def find_drive_smpp() -> Path | None:
    """Kannel's own SMPP gateway for tests, of package kannel-extras."""
    return _which("drive_smpp", "/usr/lib/kannel/test/drive_smpp")
