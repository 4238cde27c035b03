"""The file itself: a gzipped tar whose last member, the manifest, has every other one's SHA-256.

Being last, the manifest also marks the end: a file cut short has none.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

FORMAT = 2
READ_FORMATS = (1, 2)
"""A backup of format 1 says nothing of models."""
MANIFEST = "manifest.json"
TABLES = "tables"
MEDIA = "media"
SPOOL = "spool"
MODELS = "models"
_MEMBER = re.compile(
    rf"{TABLES}/[a-z0-9_]{{1,63}}\.jsonl|{MEDIA}/[0-9a-f]{{64}}(\.shown)?|{SPOOL}/[a-z-]{{1,32}}\.jsonl"
    rf"|{MODELS}/(tried/)?triage-[0-9-]{{1,32}}\.(npz|json|md)|{MODELS}/(service\.json|history\.jsonl)"
)
_COMPRESSION = 5
_CHUNK = 1024 * 1024
_LARGEST_MANIFEST = 512 * 1024 * 1024
_UNREADABLE = (tarfile.TarError, EOFError, OSError, zlib.error)


class BackupDamaged(Exception):
    """Not a whole backup; the message says in Chinese what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Member:
    """Size in bytes and SHA-256 (hex) of one file of the archive."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the file holds. `made_at` is ISO 8601 in UTC; `schema` the alembic revision; `tables`
    the rows of each; `absent` the media (SHA-256) that SQL names and the folder has not."""

    county: str
    made_at: str
    database: str
    schema: str
    tables: Mapping[str, int]
    absent: tuple[str, ...]
    spooled: int
    format: int = FORMAT
    members: Mapping[str, Member] = field(default_factory=dict)

    @property
    def media(self) -> int:
        """How many media have their file here."""
        return sum(
            name.startswith(f"{MEDIA}/") and not name.endswith(".shown") for name in self.members
        )

    @property
    def models(self) -> int:
        """How many models the deployment trained are here."""
        return sum(
            name.startswith(f"{MODELS}/triage-") and name.endswith(".npz") for name in self.members
        )


class ArchiveWriter:
    """Adds members to an open tar and remembers their hashes."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.members: dict[str, Member] = {}

    def add(self, name: str, path: Path) -> None:
        """Raises OSError, FileNotFoundError before anything is written."""
        with path.open("rb") as file:
            size = path.stat().st_size
            hashed = _Hashed(file)
            self._tar.addfile(_info(name, size), hashed)
        self.members[name] = Member(size, hashed.digest())

    def finish(self, manifest: Path) -> None:
        """Add the manifest, which must hold `members`."""
        with manifest.open("rb") as file:
            self._tar.addfile(_info(MANIFEST, manifest.stat().st_size), file)


@contextmanager
def write_archive(path: Path) -> Iterator[ArchiveWriter]:
    """A new archive at `path`, which only its owner may read."""
    path.touch(mode=0o600, exist_ok=False)
    with tarfile.open(path, "w:gz", compresslevel=_COMPRESSION, format=tarfile.PAX_FORMAT) as tar:
        yield ArchiveWriter(tar)


def manifest_text(manifest: Manifest) -> str:
    return json.dumps(asdict(manifest), ensure_ascii=False, indent=1)


def unpack(path: Path, folder: Path) -> Manifest:
    """Write the members below `folder` and compare every hash. Raises BackupDamaged; OSError where
    `folder` cannot be written."""
    found: dict[str, Member] = {}
    manifest: Manifest | None = None
    for name, file in _members(path):
        if manifest is not None:
            raise BackupDamaged("清单后面还有别的内容")
        if name == MANIFEST:
            manifest = _manifest(_read(file.read, _LARGEST_MANIFEST))
        else:
            found[name] = _write(file, folder / name)
    if manifest is None:
        raise BackupDamaged("文件不完整，没有结尾的清单")
    for name in sorted(found.keys() | manifest.members.keys()):
        if found.get(name) != manifest.members.get(name):
            raise BackupDamaged(f"其中的 {name} 和清单对不上")
    return manifest


def _members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    try:
        with gzip.open(path) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
            while (info := tar.next()) is not None:
                known = info.name == MANIFEST or _MEMBER.fullmatch(info.name)
                file = tar.extractfile(info) if known and info.isreg() else None
                if file is None:
                    raise BackupDamaged("里面有不认识的内容")
                yield info.name, file
            # The hashes are of the members alone; behind the last block is gzip's own checksum.
            while stream.read(_CHUNK):
                pass
    except _UNREADABLE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise BackupDamaged("读不下去，文件坏了或不是乡音的备份") from error


def _read(read: Any, size: int) -> bytes:
    try:
        return bytes(read(size))
    except _UNREADABLE as error:
        raise BackupDamaged("读不下去，文件坏了") from error


def _write(file: IO[bytes], path: Path) -> Member:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as target:
        while chunk := _read(file.read, _CHUNK):
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
    return Member(size, digest.hexdigest())


def _manifest(text: bytes) -> Manifest:
    try:
        fields: dict[str, Any] = json.loads(text)
        if fields["format"] not in READ_FORMATS:
            raise BackupDamaged(f"备份的格式是 {fields['format']}，这个版本的乡音只认得 {FORMAT}")
        members = {name: Member(**values) for name, values in fields.pop("members").items()}
        return Manifest(**{**fields, "absent": tuple(fields["absent"])}, members=members)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupDamaged("清单读不懂") from error


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


class _Hashed:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._digest.update(data)
        return data

    def digest(self) -> str:
        return self._digest.hexdigest()
