"""The models of a deployment in a backup: what officials taught it is theirs as the rows are."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from backend.learning.shelf import Shelf
from xiangyin.backup.archive import MODELS, ArchiveWriter
from xiangyin.backup.durable import put


def add_models(archive: ArchiveWriter, shelf: Shelf) -> None:
    """Each model with its card and its twin, what serves, and the past petitions given to learn
    from. The app may train, or tidy old models away, meanwhile: what has gone is left out."""
    for name in shelf.files():
        try:
            archive.add(f"{MODELS}/{name}", shelf.folder / name)
        except FileNotFoundError:
            continue


def put_models(staged: Path, shelf: Shelf) -> None:
    """The models below `staged` into the shelf; which one serves comes last, so that it always has
    its file. Models that are not of the backup stay; whether they serve is the backup's."""
    kept = Shelf(staged, shelf.shipped)
    for name in kept.files():
        _put(staged / name, shelf.folder / name)
    for name in _not_of(kept, shelf):
        (shelf.folder / name).unlink()


def _not_of(kept: Shelf, shelf: Shelf) -> Iterator[str]:
    """What an installation has one of, and the backup has not."""
    return (name for name in shelf.single_files() if not (kept.folder / name).exists())


def _put(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.new")
    shutil.copyfile(source, beside)  # the shelf may lie on another disk
    beside.chmod(0o600)
    put(beside, target)
