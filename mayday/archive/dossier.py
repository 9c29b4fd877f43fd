"""One incident's archive in memory: parts with their digests, and a manifest that says which parts there are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from pydantic import ValidationError

from mayday.archive.errors import ArchiveDamaged, OtherFormat
from mayday.domain.timeline import Entry
from mayday.domain.wire import Wire

#: of manifest and parts; one that is written anew reads all before it
FORMAT = 1

PartKind = Literal["history", "timeline", "plan", "texts"]


class Part(Wire):
    """One document. `count` is how many events or entries it holds; `ended` is false for a run that went on."""

    kind: PartKind
    name: str
    digest: str
    size: int
    count: int = 0
    ended: bool = True
    workflow_id: str | None = None

    @property
    def title(self) -> str:
        return f"{self.kind} {self.name}" if self.name else self.kind


class Manifest(Wire):
    """Which parts an archive has. Its own digest covers theirs, so that none can be taken away unseen."""

    format: int = FORMAT
    mayday: str
    incident_id: str
    made_at: datetime
    parts: list[Part] = []

    def canonical(self) -> bytes:
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":")).encode()


class Dossier(NamedTuple):
    """A manifest with the contents of its parts, in the manifest's order."""

    manifest: Manifest
    contents: Mapping[str, bytes]

    @property
    def incident_id(self) -> str:
        return self.manifest.incident_id

    def parts(self, kind: PartKind) -> list[Part]:
        return [part for part in self.manifest.parts if part.kind == kind]

    def content(self, part: Part) -> bytes:
        return self.contents[part.title]

    def timeline(self) -> list[Entry]:
        """The entries; empty where none was kept yet."""
        return [
            Entry.model_validate(item) for part in self.parts("timeline") for item in json.loads(self.content(part))
        ]

    def plans(self) -> dict[str, dict[str, Any]]:
        """The pinned plans, by digest."""
        return {part.name: json.loads(self.content(part)) for part in self.parts("plan")}

    def texts(self) -> dict[str, Any]:
        """What people could read: `entries` by number, `reports` by version."""
        found: dict[str, Any] = {}
        for part in self.parts("texts"):
            found.update(json.loads(self.content(part)))
        return found


@dataclass(frozen=True)
class Document:
    """A part before its digest is known."""

    kind: PartKind
    name: str
    content: bytes
    count: int = 0
    ended: bool = True
    workflow_id: str | None = None


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def dossier_of(incident_id: str, made_at: datetime, mayday: str, documents: Iterable[Document]) -> Dossier:
    parts: list[Part] = []
    contents: dict[str, bytes] = {}
    for document in documents:
        part = Part(
            kind=document.kind, name=document.name, digest=digest_of(document.content), size=len(document.content),
            count=document.count, ended=document.ended, workflow_id=document.workflow_id,
        )  # fmt: skip
        parts.append(part)
        contents[part.title] = document.content
    return Dossier(Manifest(mayday=mayday, incident_id=incident_id, made_at=made_at, parts=parts), contents)


def read_manifest(where: str, content: bytes, digest: str) -> Manifest:
    """The manifest with this digest. Raises ArchiveDamaged and OtherFormat; `where` is how errors call the place."""
    try:
        data = json.loads(content)
        number = data["format"]
    except (ValueError, TypeError, KeyError) as error:
        raise ArchiveDamaged(where, "the manifest", "cannot be read") from error
    if number != FORMAT:
        raise OtherFormat(where, number, FORMAT)
    if digest_of(content) != digest:
        raise ArchiveDamaged(where, "the manifest", "has another digest than it was archived with")
    try:
        return Manifest.model_validate(data)
    except ValidationError as error:
        raise ArchiveDamaged(where, "the manifest", "cannot be read") from error


def checked(where: str, manifest: Manifest, contents: Mapping[str, bytes | None]) -> Dossier:
    """The dossier, when every part of the manifest is there with its digest. Raises ArchiveDamaged."""
    whole: dict[str, bytes] = {}
    for part in manifest.parts:
        content = contents.get(part.title)
        if content is None:
            raise ArchiveDamaged(where, part.title, "is missing")
        if len(content) < part.size:
            raise ArchiveDamaged(where, part.title, f"is cut off after {len(content)} of {part.size} bytes")
        if digest_of(content) != part.digest:
            raise ArchiveDamaged(where, part.title, "has another digest than it was archived with")
        whole[part.title] = content
    return Dossier(manifest, whole)
