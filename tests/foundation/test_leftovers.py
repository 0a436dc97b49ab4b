"""What killed processes left behind is thrown away once nobody can be writing it, and nothing else ever is."""

import datetime
import os
import tempfile
import time
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from assessments.models import Upload
from foundation import leftovers
from reports.models import Copy
from tests.factories.assessments import UploadFactory
from tests.factories.reports import CopyFactory

YESTERDAY = time.time() - leftovers.AGE - 60
TODAY = time.time() - leftovers.AGE + 3600


@pytest.fixture
def places(settings, tmp_path, monkeypatch) -> dict[str, Path]:
    """A data folder with its temporary folder, and one beside it that others use."""
    settings.DATA_DIR = tmp_path
    found = {"files": Path(settings.FILES_DIR), "temporary": tmp_path / "tmp", "faces": tmp_path / "fontconfig"}
    for folder in found.values():
        folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(found["temporary"]))
    return found


def planted(path: Path, touched_at: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("half")
    os.utime(path, (touched_at, touched_at))
    return path


def test_old_halves_are_thrown_away_and_everything_else_stays(places):
    gone = [
        planted(places["files"] / "evidence" / "a1.part", YESTERDAY),
        planted(places["files"] / "reports" / "b2.part", YESTERDAY),
        planted(places["faces"] / "fonts.17.part", YESTERDAY),
        planted(places["temporary"] / "upload", YESTERDAY),
    ]
    stay = [
        planted(places["files"] / "evidence" / "c3", YESTERDAY),
        planted(places["files"] / "evidence" / "d4.part", TODAY),
        planted(places["faces"] / "fonts.conf", YESTERDAY),
        planted(places["temporary"] / "upload-of-today", TODAY),
    ]
    assert leftovers.throw_away() == len(gone)
    assert [path.exists() for path in (*gone, *stay)] == [False] * len(gone) + [True] * len(stay)


def test_a_folder_of_faces_goes_whole_and_a_link_out_of_ours_is_not_followed(places, tmp_path):
    faces = planted(places["temporary"] / "weasyprint-ab12" / "face", YESTERDAY).parent
    elsewhere = planted(tmp_path / "elsewhere" / "kept", YESTERDAY).parent
    link = places["temporary"] / "link"
    link.symlink_to(elsewhere)
    for path in (faces, link):
        os.utime(path, (YESTERDAY, YESTERDAY), follow_symlinks=False)
    assert leftovers.throw_away() == 2
    assert (faces.exists(), link.is_symlink(), (elsewhere / "kept").exists()) == (False, False, True)


def test_a_temporary_folder_that_others_use_is_theirs(places, tmp_path_factory, monkeypatch):
    theirs = tmp_path_factory.mktemp("theirs")
    monkeypatch.setattr(tempfile, "tempdir", str(theirs))
    kept = planted(theirs / "weasyprint-of-another-program", YESTERDAY)
    assert (leftovers.throw_away(), kept.exists()) == (0, True)


@pytest.mark.django_db
def test_the_clock_throws_it_away(places):
    half = planted(places["files"] / "evidence" / "a1.part", YESTERDAY)
    call_command("clock", "--once")
    assert not half.exists()


@pytest.mark.django_db
def test_a_disk_that_does_not_answer_stops_no_other_work_of_the_clock(places, settings, caplog):
    long_ago = timezone.now() - datetime.timedelta(days=60)
    CopyFactory(made=True, requested_at=long_ago)
    UploadFactory(moved_at=long_ago)
    settings.FILES_DIR = planted(places["files"] / "no-folder", TODAY)  # the bytes of neither can be thrown away
    call_command("clock", "--once")
    assert (Copy.objects.count(), Upload.objects.count()) == (0, 0)
    assert [record.args for record in caplog.records if record.levelname == "ERROR"] == [("reports",), ("assessments",)]
