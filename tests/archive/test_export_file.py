"""An archive in a file: the same bytes each time, and nothing is read from one that is not whole."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from mayday.archive.dossier import Dossier
from mayday.archive.errors import ArchiveDamaged, OtherFormat
from mayday.archive.export_file import packed, read, unpacked, write


def changed(content: bytes, name: str, new: bytes | None) -> bytes:
    """The file with one member replaced, or left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w") as after:
        for each in before.namelist():
            if each != name:
                after.writestr(each, before.read(each))
        if new is not None:
            after.writestr(name, new)
    return out.getvalue()


def test_a_file_holds_the_whole_archive(two_runs: Dossier, tmp_path: Path) -> None:
    write(two_runs, tmp_path / "x.mayday.zip")
    assert read(tmp_path / "x.mayday.zip") == two_runs
    assert packed(two_runs) == packed(read(tmp_path / "x.mayday.zip"))
    assert [path.name for path in tmp_path.iterdir()] == ["x.mayday.zip"]


@pytest.mark.parametrize("left", [0.1, 0.5, 0.9, 0.999])
def test_a_half_written_file_is_refused(two_runs: Dossier, left: float) -> None:
    content = packed(two_runs)
    with pytest.raises(ArchiveDamaged, match=r"x\.zip: the file is no whole archive"):
        unpacked(content[: int(len(content) * left)], "x.zip")


def test_a_changed_byte_is_found(two_runs: Dossier) -> None:
    content = bytearray(packed(two_runs))
    content[len(content) // 3] ^= 1
    with pytest.raises(ArchiveDamaged):
        unpacked(bytes(content), "x.zip")


def test_a_part_that_was_edited_or_taken_out_is_named(two_runs: Dossier) -> None:
    content = packed(two_runs)
    with pytest.raises(ArchiveDamaged, match="timeline is cut off after 2 of"):
        unpacked(changed(content, "timeline.json", b"[]"), "x.zip")
    with pytest.raises(ArchiveDamaged, match="timeline is missing"):
        unpacked(changed(content, "timeline.json", None), "x.zip")
    with pytest.raises(ArchiveDamaged, match="the manifest is missing"):
        unpacked(changed(content, "manifest.json", None), "x.zip")
    with pytest.raises(OtherFormat, match="format 9"):
        unpacked(changed(content, "manifest.json", b'{"format": 9}'), "x.zip")
    with pytest.raises(ArchiveDamaged, match="the manifest cannot be read"):
        unpacked(changed(content, "manifest.json", b"[]"), "x.zip")
