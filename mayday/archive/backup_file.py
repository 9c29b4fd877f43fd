"""Temporal's file and the records in one file, of the same moment.

A records store that is older than Temporal lacks entries that its runs believe are kept; one that is newer holds
entries that its runs will write again, with other times. So the records are locked for writing while both are copied:
no flush can be acknowledged in between. Incidents go on meanwhile; a flush waits that second, or is tried again.

NotABackup   the file is no whole backup: which part, and why
StillInUse   a process has the databases open
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from mayday.archive.errors import ArchiveError
from mayday.domain.wire import Wire

FORMAT = 1
MANIFEST, RECORDS, TEMPORAL = "manifest.json", "records.db", "temporal.db"
#: how long a backup waits for a writer of the records, and writers of the records for the backup
BUSY_S = 30
_CHUNK = 1024 * 1024


class NotABackup(ArchiveError):
    """The file is no whole backup. Nothing was touched."""


class StillInUse(ArchiveError):
    """A process has the databases open. Nothing was touched."""


class BackupPart(Wire):
    name: str
    size: int
    sha256: str


class BackupManifest(Wire):
    """What a backup holds, and when it was taken."""

    format: int = FORMAT
    mayday: str
    made_at: datetime
    parts: list[BackupPart]


def back_up(data: Path, records: Path, target: Path, *, mayday: str, made_at: datetime) -> BackupManifest:
    """Copy `records` and the Temporal file of the data folder into `target`, while both are in use.

    The target appears under its name only when it is whole. Raises OSError, sqlite3.Error, and StillInUse when a writer
    holds the records for too long.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".mayday-backup-", dir=target.parent) as folder:
        copies = Path(folder)
        with _writers_wait(records):
            _copy(records, copies / RECORDS)
            if (data / TEMPORAL).exists():
                _copy(data / TEMPORAL, copies / TEMPORAL)
        parts = [_described(copies / name) for name in (RECORDS, TEMPORAL) if (copies / name).exists()]
        manifest = BackupManifest(mayday=mayday, made_at=made_at, parts=parts)
        whole = copies / "whole.zip"
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))
            for part in parts:
                archive.write(copies / part.name, part.name)
        with whole.open("rb") as written:
            os.fsync(written.fileno())
        whole.chmod(0o600)
        whole.replace(target)
    return manifest


def restore(source: Path, data: Path, records: Path) -> BackupManifest:
    """Put a backup in the place of what the data folder holds, which is kept beside it as `*.before-restore`.

    Raises NotABackup, StillInUse, OSError.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".mayday-restore-", dir=data) as folder:
        manifest = _unpacked(source, Path(folder))
        with _alone(data, records):
            places = {RECORDS: records, TEMPORAL: data / TEMPORAL}
            for part in manifest.parts:
                _put(Path(folder) / part.name, places[part.name])
            if not any(part.name == TEMPORAL for part in manifest.parts):
                _aside(data / TEMPORAL)
    return manifest


def _unpacked(source: Path, folder: Path) -> BackupManifest:
    try:
        with zipfile.ZipFile(source) as archive:
            manifest = _manifest(source, archive)
            for part in manifest.parts:
                if part.name not in (RECORDS, TEMPORAL):
                    raise NotABackup(f"{source}: {part.name} is no part of a backup")
                archive.extract(part.name, folder)
                if _described(folder / part.name) != part:
                    raise NotABackup(f"{source}: {part.name} is not what was backed up")
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
        raise NotABackup(f"{source} is no whole backup ({error})") from None
    if not any(part.name == RECORDS for part in manifest.parts):
        raise NotABackup(f"{source} holds no records")
    with closing(sqlite3.connect(f"file:{folder / RECORDS}?mode=ro", uri=True)) as connection:
        known = connection.execute("SELECT name FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    if known is None:
        raise NotABackup(f"{source}: {RECORDS} holds no records of mayday")
    return manifest


def _manifest(source: Path, archive: zipfile.ZipFile) -> BackupManifest:
    try:
        data = json.loads(archive.read(MANIFEST))
        if isinstance(data, dict) and data.get("format") != FORMAT:
            raise NotABackup(f"{source} is written in format {data.get('format')}, this version reads {FORMAT}")
        return BackupManifest.model_validate(data)
    except (ValueError, ValidationError) as error:
        raise NotABackup(f"{source}: its manifest cannot be read") from error


@contextmanager
def _writers_wait(records: Path) -> Iterator[None]:
    """Nobody writes to the records inside; readers read on."""
    with closing(sqlite3.connect(records, timeout=BUSY_S, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise StillInUse(f"{records} was written to for {BUSY_S} s: {error}") from None
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


@contextmanager
def _alone(data: Path, records: Path) -> Iterator[None]:
    """No process runs on this folder, and none writes to these records."""
    with (data / "temporal.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StillInUse(f"mayday is running on {data}: stop it first") from None
        if records.exists():
            _nobody_reads(records)
        yield


def _nobody_reads(records: Path) -> None:
    """A write-ahead log that cannot be closed belongs to a process that has the file open."""
    with closing(sqlite3.connect(records, timeout=1, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise StillInUse(f"{records} is open in another process: stop worker and starter first") from None


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=BUSY_S)) as reading:
        with closing(sqlite3.connect(target)) as writing:
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it


def _put(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    _aside(place)
    shutil.move(source, place)


def _aside(place: Path) -> None:
    for leftover in (f"{place}-wal", f"{place}-shm"):
        if Path(leftover).exists():  # what it holds belongs to the file that goes aside
            Path(leftover).replace(f"{place}.before-restore{leftover.removeprefix(str(place))}")
    if place.exists():
        place.replace(f"{place}.before-restore")


def _described(path: Path) -> BackupPart:
    digest = hashlib.sha256()
    with path.open("rb") as content:
        _digest(content, digest)
    return BackupPart(name=path.name, size=path.stat().st_size, sha256=digest.hexdigest())


def _digest(content: IO[bytes], digest: hashlib._Hash) -> None:
    while chunk := content.read(_CHUNK):
        digest.update(chunk)
