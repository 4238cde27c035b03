"""Files that are on the disk, not only on their way there."""

from __future__ import annotations

import os
from pathlib import Path


def put(source: Path, target: Path) -> None:
    """Rename within a file system, over what is there; after it the target survives a power cut."""
    sync(source)
    source.rename(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Write a file's content, or a folder's names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
