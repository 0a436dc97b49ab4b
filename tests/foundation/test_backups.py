"""Backup and restore: what an archive holds, what is refused, and that a refusal changes nothing.

The drill with real servers, from SQLite to PostgreSQL and back, is tests/journeys/test_backup_drill.py.
"""

import datetime
import decimal
import gzip
import hashlib
import io
import json
import tarfile
import tomllib
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project_settings
from django.core.management import CommandError, call_command
from django.db import models
from django.test import override_settings
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as some

from foundation import archives, backups, files
from foundation.fields import Texts, TextsField
from foundation.models import Job, JobState, Mail, StoredFile
from tests.access.world import world
from tests.factories.foundation import JobFactory, MailFactory, StoredFileFactory

ROOT = Path(__file__).resolve().parents[2]
RUNNING = {"state": JobState.RUNNING, "attempt": 3, "progress": 40, "stage": "rendering"}


def fill() -> None:
    """A project with something in most tables, two stored files, a mail that waits and a job in a worker's hands."""
    world(released=True)
    MailFactory(subject="À bientôt «Poste» 😀")
    JobFactory(task="reports.render_report", token=uuid.uuid4(), lease_until=timezone.now(), **RUNNING)


@pytest.fixture(scope="module")
def archive(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a site that is gone: its database is empty again."""
    folder = tmp_path_factory.mktemp("archive")
    with django_db_blocker.unblock(), override_settings(FILES_DIR=folder / "files"):
        fill()
        call_command("backup", folder / "site.tar", verbosity=0)
        call_command("flush", interactive=False, verbosity=0)
    return folder / "site.tar"


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def manifest(path: Path) -> dict[str, Any]:
    return dict(json.loads(members(path)["manifest.json"]))


def row_count() -> int:
    return sum(model._base_manager.count() for model in archives.tables())


def files_below(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


# ── What is kept ─────────────────────────────────────────────────────────────
def test_tables_that_are_kept_refer_to_none_that_are_left_out():
    kept = set(archives.tables())
    referred = {
        (model._meta.label, field.name)
        for model in kept
        for field in archives.columns(model)
        if field.remote_field and field.remote_field.model not in kept
    }
    assert referred == set()


def test_columns_are_stored_as_they_were_read():
    """Loading in bulk would set a column that fills itself, and knows no table that continues another."""
    assert [model._meta.label for model in archives.tables() if model._meta.get_parent_list()] == []
    fields = [field for model in archives.tables() for field in archives.columns(model)]
    assert [str(field) for field in fields if getattr(field, "auto_now", False) or field.generated] == []
    assert [str(field) for field in fields if getattr(field, "auto_now_add", False)] == []


KINDS: dict[type[models.Field], some.SearchStrategy[Any]] = {
    models.BigAutoField: some.integers(1, 2**63 - 1),
    models.AutoField: some.integers(1, 2**31 - 1),
    models.PositiveIntegerField: some.integers(0, 2**31 - 1),
    models.PositiveSmallIntegerField: some.integers(0, 2**15 - 1),
    models.PositiveBigIntegerField: some.integers(0, 2**63 - 1),
    models.BooleanField: some.booleans(),
    models.CharField: some.text(),
    models.TextField: some.text(),
    models.EmailField: some.emails(),
    models.URLField: some.text(),
    models.UUIDField: some.uuids(),
    models.DateField: some.dates(),
    models.DateTimeField: some.datetimes(timezones=some.just(datetime.UTC)),
    models.DecimalField: some.decimals(-999, 999, places=3),
    models.JSONField: some.recursive(
        some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(),
        lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
    ),
    TextsField: some.dictionaries(some.sampled_from(["fr", "en", "ar"]), some.text()).map(Texts),
}


def test_every_kind_of_column_is_known_to_survive():
    used = {
        type(field.target_field if field.is_relation else field)  # type: ignore[attr-defined]
        for model in archives.tables()
        for field in archives.columns(model)
    }
    assert used - KINDS.keys() == set()


@given(some.tuples(*[some.none() | values for values in KINDS.values()]))
def test_a_row_survives_exactly(row):
    fields = [kind(max_digits=6, decimal_places=3) if kind is models.DecimalField else kind() for kind in KINDS]
    read = archives.decode(archives.encode(row), fields)
    assert read == list(row)
    assert [type(value) for value in read] == [type(value) for value in row]


def test_a_value_that_cannot_be_written_stops_the_backup():
    with pytest.raises(TypeError, match="no way to write a bytes into a backup"):
        archives.encode((decimal.Decimal(1), b"bytes"))


def test_the_release_is_the_one_that_is_published():
    published = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert published == project_settings.RELEASE
    assert f"\n## {published} " in (ROOT / "CHANGELOG.md").read_text()


# ── Backup ───────────────────────────────────────────────────────────────────
def test_an_archive_holds_every_table_and_every_file(archive):
    said, inside = manifest(archive), members(archive)
    assert set(said["tables"]) == {model._meta.label for model in archives.tables()}
    assert {name for name in inside if name.startswith("files/")} == set(said["files"])
    assert len(said["files"]) == 5
    assert said["tables"]["foundation.StoredFile"]["rows"] == 5
    for promised in [*said["tables"].values()]:
        content = inside[promised["member"]]
        assert (len(content), hashlib.sha256(content).hexdigest()) == (promised["size"], promised["sha256"])
        assert len(gzip.decompress(content).splitlines()) == promised["rows"]
    assert said["release"] == project_settings.RELEASE
    assert "foundation.0001_first" in said["migrations"]
    assert said["left_out"]["sessions"] == "people sign in again"
    assert "the secret key and other settings" in said["left_out"]


def test_an_archive_is_read_by_its_owner_only(archive):
    assert archive.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in archive.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.django_db(transaction=True)
def test_a_backup_replaces_no_archive_unless_told_to(tmp_path, capsys):
    target = tmp_path / "site.tar"
    target.write_text("yesterday's")
    with pytest.raises(CommandError, match=r"site\.tar is there already, and stays as it is\. .* or say --force\."):
        call_command("backup", target)
    assert target.read_text() == "yesterday's"
    call_command("backup", target, force=True)
    assert manifest(target)["tables"]["accounts.User"]["rows"] == 0
    size = f"{target.stat().st_size / 1e6:.1f} MB"
    assert f"{target}: 0 rows of {len(archives.tables())} tables and 0 files, {size}.\n" == capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_a_backup_into_a_folder_is_called_by_its_time(tmp_path, time_machine):
    time_machine.move_to(datetime.datetime(2026, 11, 23, 14, 2, 7, tzinfo=datetime.UTC), tick=False)
    call_command("backup", tmp_path, verbosity=0)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tar"] == ["readiness-2026-11-23-140207.tar"]


@pytest.mark.django_db(transaction=True)
def test_a_damaged_file_stops_the_backup_unless_it_may_be_left_out(tmp_path, capsys):
    whole, cut = (files.store([b"%PDF-1.7"], folder="reports", name="a.pdf", content_type="") for _ in range(2))
    files.path_of(cut).write_bytes(b"%PDF-1.8")
    gone = StoredFileFactory(path="evidence/gone")
    target = tmp_path / "site.tar"
    with pytest.raises(CommandError, match=rf"2 files below .* {cut.path}, {gone.path}\. Put them back"):
        call_command("backup", target)
    assert [path for path in tmp_path.iterdir() if path.name != "files"] == []

    call_command("backup", target, without_damaged=True)
    assert manifest(target)["damaged"] == [cut.path, gone.path]
    assert list(manifest(target)["files"]) == [f"files/{whole.path}"]
    assert f"Left out, as missing or damaged: {cut.path}, {gone.path}" in capsys.readouterr().err
    StoredFile.objects.all().delete()
    files.path_of(whole).unlink()
    files.path_of(cut).unlink()
    call_command("restore", target)
    assert StoredFile.objects.count() == 3
    assert files_below(Path(project_settings.FILES_DIR)) == [files.path_of(whole)]


@pytest.mark.django_db(transaction=True)
def test_a_file_taken_back_since_the_snapshot_is_no_damage(tmp_path):
    """An upload that was refused: its row was in the snapshot, its file is gone before it is copied."""
    kept, refused = (files.store([b"%PDF-1.7"], folder="evidence", name="a.pdf", content_type="") for _ in range(2))
    with backups.snapshot():
        backups.write_table(StoredFile, tmp_path)
    files.discard(refused)
    with tarfile.open(tmp_path / "site.tar", "w") as tar:
        said = backups.add_files(tar, tmp_path, without_damaged=False)
    assert (list(said["files"]), said["damaged"], said["taken_back"]) == ([f"files/{kept.path}"], [], [refused.path])


@pytest.mark.django_db(transaction=True)
def test_a_file_taken_back_leaves_no_row_where_it_is_restored(tmp_path):
    kept, refused = (files.store([b"%PDF-1.7"], folder="evidence", name="a.pdf", content_type="") for _ in range(2))
    call_command("backup", tmp_path / "site.tar", verbosity=0)

    def take_back(said: dict[str, Any], contents: Contents) -> None:
        contents.pop(f"files/{refused.path}")
        said["files"].pop(f"files/{refused.path}")
        said["taken_back"].append(refused.path)

    forged(take_back)(tmp_path / "site.tar", tmp_path / "given.tar")
    files.discard(refused)
    files.discard(kept)
    call_command("restore", tmp_path / "given.tar", verbosity=0)
    assert list(StoredFile.objects.values_list("path", flat=True)) == [kept.path]
    assert files_below(Path(project_settings.FILES_DIR)) == [files.path_of(kept)]


@pytest.mark.django_db(transaction=True)
def test_a_folder_that_is_not_there_is_said_in_a_sentence(tmp_path):
    with pytest.raises(CommandError, match=r"nowhere/site\.tar cannot be written: No such file or directory\."):
        call_command("backup", tmp_path / "nowhere" / "site.tar")


# ── Restore ──────────────────────────────────────────────────────────────────
@pytest.mark.django_db
def test_restoring_brings_back_every_row_and_file(archive, capsys):
    said = manifest(archive)
    call_command("restore", archive)
    counts = {model._meta.label: model._base_manager.count() for model in archives.tables()}
    assert counts == {label: table["rows"] for label, table in said["tables"].items()}
    for file in StoredFile.objects.all():
        assert archives.digest_of(files.path_of(file)) == (file.size, file.sha256)
    assert len(files_below(Path(project_settings.FILES_DIR))) == 5
    assert Mail.objects.filter(subject="À bientôt «Poste» 😀").count() == 1
    printed = capsys.readouterr().out
    assert f"Restored: {sum(counts.values())} rows of {len(counts)} tables and 5 files, as they were at " in printed
    assert f"Waiting for a worker: {Mail.objects.count()} × foundation.send_mail\n" in printed
    assert "Waiting for a worker: 1 × reports.render_report\n" in printed


@pytest.mark.django_db
def test_a_job_that_a_worker_had_waits_again_with_all_its_attempts(archive):
    call_command("restore", archive, verbosity=0)
    job = Job.objects.get(task="reports.render_report", state=JobState.QUEUED)
    assert (job.attempt, job.progress, job.stage, job.token, job.lease_until) == (0, 0, "", None, None)
    assert Job.objects.waiting_again().filter(pk=job.pk).exists()
    assert job.claim(60)


@pytest.mark.django_db
def test_new_rows_get_numbers_of_their_own(archive):
    call_command("restore", archive, verbosity=0)
    largest = max(Job.objects.values_list("pk", flat=True))
    assert JobFactory().pk > largest


@pytest.mark.django_db
def test_an_archive_is_checked_without_touching_anything(archive, capsys):
    JobFactory()  # on any instance
    before = row_count()
    call_command("restore", archive, check=True)
    assert capsys.readouterr().out.startswith("In order: ")
    assert row_count() == before
    assert files_below(Path(project_settings.FILES_DIR)) == []


@pytest.mark.django_db
def test_an_instance_with_a_row_is_refused(archive):
    JobFactory()
    with pytest.raises(CommandError, match=r"not empty \(it has rows of foundation\.Job\)[\s\S]*Nothing was changed\."):
        call_command("restore", archive)
    assert row_count() == 1


@pytest.mark.django_db
def test_an_instance_with_a_file_is_refused(archive):
    kept = Path(project_settings.FILES_DIR) / "evidence" / "somebody's"
    kept.parent.mkdir(parents=True)
    kept.write_text("theirs")
    with pytest.raises(CommandError, match=r"not empty: there are files below .*\. Move them away"):
        call_command("restore", archive)
    assert (row_count(), files_below(Path(project_settings.FILES_DIR))) == (0, [kept])


@pytest.mark.django_db
def test_a_file_that_cannot_be_put_in_its_place_leaves_nothing(archive):
    """The last of them: what stands already in its place goes again, and so do all rows."""
    *_, last = manifest(archive)["files"]
    in_the_way = Path(project_settings.FILES_DIR) / last.removeprefix("files/")
    in_the_way.mkdir(parents=True)
    with pytest.raises(CommandError, match=r"Is a directory: [\s\S]*Nothing was changed\."):
        call_command("restore", archive)
    assert (row_count(), files_below(Path(project_settings.FILES_DIR))) == (0, [])


# ── Damaged, cut, forged ─────────────────────────────────────────────────────
Contents = dict[str, bytes]
Damage = Callable[[Path, Path], None]


def written(target: Path, contents: Contents, **also: tarfile.TarInfo) -> None:
    with tarfile.open(target, "w") as tar:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for member in also.values():
            tar.addfile(member)


def flipped(name: str, *, header: bool = False) -> Damage:
    """One bit of the first member so called, in the middle of it or in its header."""

    def damage(source: Path, target: Path) -> None:
        with tarfile.open(source) as tar:
            member = next(member for member in tar if member.name.startswith(name))
        content = bytearray(source.read_bytes())
        content[member.offset + 100 if header else member.offset_data + member.size // 2] ^= 1
        target.write_bytes(content)

    return damage


def with_members(change: Callable[[Contents], Any]) -> Damage:
    """Other members, the manifest as it was."""

    def damage(source: Path, target: Path) -> None:
        contents = members(source)
        change(contents)
        written(target, contents)

    return damage


def first(contents: Contents, prefix: str) -> str:
    return next(name for name in contents if name.startswith(prefix))


def forged(change: Callable[[dict[str, Any], Contents], Any]) -> Damage:
    """Other members and another manifest, with checksums that fit: only what it says is wrong."""

    def damage(source: Path, target: Path) -> None:
        contents = members(source)
        said = json.loads(contents["manifest.json"])
        change(said, contents)
        for name, promised in [*((table["member"], table) for table in said["tables"].values())]:
            if name in contents:
                content = contents[name]
                promised |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        text = json.dumps(said).encode()
        checksum = f"{hashlib.sha256(text).hexdigest()}  manifest.json\n".encode()
        written(target, contents | {"manifest.json": text, "manifest.sha256": checksum})

    return damage


def with_rows(label: str, change: Callable[[dict[str, Any]], Any]) -> Damage:
    """Another first row of a table, with a manifest that fits."""

    def forge(said: dict[str, Any], contents: Contents) -> None:
        table = said["tables"][label]
        lines = gzip.decompress(contents[table["member"]]).splitlines()
        row = dict(zip(table["columns"], json.loads(lines[0]), strict=True))
        change(row)
        lines[0] = json.dumps(list(row.values())).encode()
        contents[table["member"]] = gzip.compress(b"\n".join(lines) + b"\n")

    return forged(forge)


def elsewhere(said: dict[str, Any], contents: Contents, path: str) -> None:
    """The first stored file under another path, everywhere."""
    table = said["tables"]["foundation.StoredFile"]
    old = first(contents, "files/")
    contents[path] = contents.pop(old)
    said["files"][path] = said["files"].pop(old)
    lines = gzip.decompress(contents[table["member"]])
    changed = lines.replace(old.removeprefix("files/").encode(), path.removeprefix("files/").encode())
    assert changed != lines
    contents[table["member"]] = gzip.compress(changed)


def with_link(source: Path, target: Path) -> None:
    link = tarfile.TarInfo("files/evidence/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    written(target, members(source), link=link)


def twice(source: Path, target: Path) -> None:
    contents = members(source)
    again = tarfile.TarInfo(first(contents, "files/"))
    written(target, contents, again=again)


def cut(share: float) -> Damage:
    def damage(source: Path, target: Path) -> None:
        whole = source.read_bytes()
        target.write_bytes(whole[: int(len(whole) * share)])

    return damage


def changed(said: dict[str, Any], **values: Any) -> None:
    said |= values


DAMAGES: dict[str, tuple[Damage, str]] = {  # what is wrong → how it came, what is said
    "a bit of a table": (flipped("tables/assessments.answer."), r"damaged: tables/assessments\.answer\.\S+ is not"),
    "a bit of a file": (flipped("files/"), r"damaged: files/\w+/\w+ is not what was written"),
    "a bit of the manifest": (flipped("manifest.json"), "damaged: its manifest is not the one that was written"),
    "a bit of the checksum": (flipped("manifest.sha256"), "damaged: its manifest is not the one that was written"),
    "a bit of a header": (flipped("tables/projects.step.", header=True), "no manifest: it was cut short"),
    "a bit of the first header": (flipped("tables/", header=True), "cannot be read as a backup"),
    "a file gone": (with_members(lambda c: c.pop(first(c, "files/"))), r"not whole, it lacks files/\w+/\w+\."),
    "a table gone": (with_members(lambda c: c.pop(first(c, "tables/"))), r"not whole, it lacks tables/account\."),
    "the manifest gone": (with_members(lambda c: c.pop("manifest.json")), "no manifest: it was cut short"),
    "the checksum gone": (with_members(lambda c: c.pop("manifest.sha256")), "no manifest: it was cut short"),
    "a file more": (
        with_members(lambda c: c.update({"files/evidence/more": b"x"})),
        r"members that its manifest does not name: files/evidence/more\.",
    ),
    "a stranger": (with_members(lambda c: c.update({"notes.txt": b"x"})), "member that no backup writes: 'notes.txt'"),
    "a way out": (with_members(lambda c: c.update({"files/../../x": b"x"})), r"no backup writes: 'files/\.\./\.\./x'"),
    "another way out": (with_members(lambda c: c.update({"../x": b"x"})), r"no backup writes: '\.\./x'"),
    "an absolute name": (with_members(lambda c: c.update({"/tmp/x": b"x"})), "no backup writes: '/tmp/x'"),
    "a hidden name": (with_members(lambda c: c.update({"files/.x": b"x"})), r"no backup writes: 'files/\.x'"),
    "a link": (with_link, "no backup writes: 'files/evidence/link'"),
    "a member twice": (twice, r"the archive has files/\w+/\w+ twice"),
    "the first half": (cut(0.5), "cut short"),
    "nearly all": (cut(0.8), "cut short"),
    "nothing": (lambda source, target: target.write_bytes(b""), "cannot be read as a backup"),
    "something else": (lambda source, target: target.write_bytes(b"SQLite" * 999), "cannot be read as a backup"),
    "not there": (lambda source, target: None, "cannot be read as a backup: .*No such file"),
    "an older release": (
        forged(lambda said, c: (said["migrations"].remove("foundation.0001_first"), changed(said, release="0.0.9"))),
        r"it lacks foundation\.0001_first\)\. Restore it with release 0\.0\.9, which wrote it, into an empty instance",
    ),
    "a later release": (
        forged(lambda said, c: said["migrations"].append("foundation.9999_later")),
        r"it has also foundation\.9999_later\)",
    ),
    "another format": (forged(lambda said, c: changed(said, format=2)), "has format 2, and this release reads format"),
    "other columns": (
        forged(lambda said, c: said["tables"]["accounts.User"]["columns"].reverse()),
        r"other tables or columns than this release: accounts\.User\.",
    ),
    "another table": (
        forged(lambda said, c: changed(said["tables"], **{"x.Y": {"member": "tables/x.y.jsonl.gz", "columns": []}})),
        r"other tables or columns than this release: x\.Y\.",
    ),
    "a manifest of something else": (forged(lambda said, c: said.pop("files")), "not one of this application"),
    "a file of no row": (
        forged(
            lambda said, c: (
                c.update({"files/evidence/more": b"x"}),
                said["files"].update({"files/evidence/more": {"size": 1, "sha256": hashlib.sha256(b"x").hexdigest()}}),
            )
        ),
        r"files that no row names: files/evidence/more\.",
    ),
    "a row of no file": (
        with_rows("foundation.StoredFile", lambda row: row.update(path="evidence/other")),
        "lacks the file evidence/other, or has another in its place",
    ),
    "a row of another file": (
        with_rows("foundation.StoredFile", lambda row: row.update(sha256="0" * 64)),
        r"lacks the file \w+/\w+, or has another in its place",
    ),
    "a stored file elsewhere": (
        forged(lambda said, c: elsewhere(said, c, "files/../elsewhere")), r"no backup writes: 'files/\.\./elsewhere'"
    ),
    "fewer rows": (
        forged(lambda said, c: changed(said["tables"]["accounts.User"], rows=99_999)),
        r"accounts\.User has \d+ rows, and the manifest says 99999",
    ),
    "a row that is not one": (
        with_rows("accounts.User", lambda row: row.update(date_joined="yesterday")),
        r"a row of accounts\.User, after the 0th, cannot be read",
    ),
    "a row too short": (with_rows("accounts.User", lambda row: row.popitem()), r"a row of accounts\.User, after the"),
    "a row without its parent": (
        with_rows("projects.Project", lambda row: row.update(country_id=999_999)), "the database refuses"
    ),
    "a row that a constraint refuses": (
        with_rows("foundation.Job", lambda row: row.update(progress=101)), "the database refuses"
    ),
    "a row twice": (with_rows("foundation.Job", lambda row: row.update(id=2)), "the database refuses"),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_not_an_archive_as_it_was_written_changes_nothing(name, archive, tmp_path):
    damage, sentence = DAMAGES[name]
    target = tmp_path / "given.tar"
    damage(archive, target)
    with pytest.raises(CommandError, match=rf"{sentence}[\s\S]*\nNothing was changed\.$"):
        call_command("restore", target)
    assert (row_count(), files_below(Path(project_settings.FILES_DIR))) == (0, [])


@pytest.mark.django_db
def test_what_the_forgeries_start_from_is_restored(archive, tmp_path):
    """A forged archive is refused for what was changed in it, not for the way it is written here."""
    forged(lambda said, contents: None)(archive, tmp_path / "given.tar")
    call_command("restore", tmp_path / "given.tar", verbosity=0)
    assert row_count() == sum(table["rows"] for table in manifest(archive)["tables"].values())
