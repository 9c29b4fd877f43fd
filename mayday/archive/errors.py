"""What an archive can refuse.

MaydayError
+-- ArchiveError
    +-- NothingArchived   there is no archive of that incident
    +-- ArchiveDamaged    a part is missing, cut off or edited; `part` names it
    +-- OtherFormat       written in a format that this version does not read
"""

from __future__ import annotations

from mayday.domain.errors import MaydayError


class ArchiveError(MaydayError):
    """Root of the archive's errors."""


class NothingArchived(ArchiveError):
    """There is no archive of that incident."""


class ArchiveDamaged(ArchiveError):
    """What is kept is not what was archived. Nothing of it is used."""

    def __init__(self, where: str, part: str, reason: str) -> None:
        super().__init__(f"{where}: {part} {reason}")
        self.where = where
        self.part = part
        self.reason = reason


class OtherFormat(ArchiveError):
    """Written in a format that this version does not read."""

    def __init__(self, where: str, found: object, known: int) -> None:
        super().__init__(f"{where} is written in format {found}, this version of mayday reads {known}")
        self.found = found
