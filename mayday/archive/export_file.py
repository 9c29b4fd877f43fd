"""An archive as a file that can be carried away: a zip with the manifest, its digest, and a file per part."""

from __future__ import annotations

import io
import os
import re
import zipfile
import zlib
from pathlib import Path

from mayday.archive.dossier import Dossier, Part, checked, digest_of, read_manifest
from mayday.archive.errors import ArchiveDamaged

MANIFEST, DIGEST = "manifest.json", "manifest.sha256"
SUFFIX = ".mayday.zip"
#: a part that claims to be larger is not unpacked: ten times the largest history that Temporal keeps
LARGEST_PART = 500 * 1024 * 1024


def packed(dossier: Dossier) -> bytes:
    """The file's bytes; the same dossier gives the same ones."""
    manifest = dossier.manifest.canonical()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, MANIFEST, manifest)
        _add(archive, DIGEST, digest_of(manifest).encode())
        for part in dossier.manifest.parts:
            _add(archive, file_name(part), dossier.content(part))
    return out.getvalue()


def unpacked(content: bytes, where: str) -> Dossier:
    """The dossier in a file's bytes, every digest checked; `where` is how errors call it.

    Raises:
        ArchiveDamaged: half written, cut off, edited, or no archive at all.
        OtherFormat: written by another version.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            if MANIFEST not in names or DIGEST not in names:
                raise ArchiveDamaged(where, "the manifest", "is missing")
            digest = archive.read(DIGEST).decode("ascii", "replace").strip()
            manifest = read_manifest(where, archive.read(MANIFEST), digest)
            return checked(where, manifest, {part.title: _read(archive, part, names) for part in manifest.parts})
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ArchiveDamaged(where, "the file", f"is no whole archive ({error})") from error


def write(dossier: Dossier, path: Path) -> None:
    """Write the file; it appears under its name only when it is whole. Raises OSError."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    with unfinished.open("wb") as out:
        out.write(packed(dossier))
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(path)


def read(path: Path) -> Dossier:
    """As `unpacked`. Raises also OSError."""
    return unpacked(path.read_bytes(), str(path))


def file_name(part: Part) -> str:
    """Names that every file system takes."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", part.name)
    return f"{part.kind}/{name}.json" if name else f"{part.kind}.json"


def _read(archive: zipfile.ZipFile, part: Part, names: set[str]) -> bytes | None:
    name = file_name(part)
    if name not in names or archive.getinfo(name).file_size > LARGEST_PART:
        return None
    return archive.read(name)


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name)  # its date is 1980: the same archive has the same bytes
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    archive.writestr(info, content)
