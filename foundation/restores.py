"""Restoring: everything is checked before anything is touched; then all of it is put back, or nothing."""

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.color import no_style
from django.db import DatabaseError, connection, transaction
from django.db.models import Model

from foundation import archives
from foundation.archives import ArchiveRefused
from foundation.models import Job, JobState, StoredFile

ROWS_AT_ONCE = 200  # a frozen state of a project may take some hundred kilobytes
UNREADABLE = (OSError, EOFError, zlib.error, tarfile.TarError)
NONSENSE = (ValueError, TypeError, KeyError, AttributeError, ValidationError)


@dataclass
class Archive:
    """One that was found whole."""

    tar: tarfile.TarFile
    manifest: dict[str, Any]

    def member(self, name: str) -> IO[bytes]:
        stream = self.tar.extractfile(name)
        assert stream is not None  # only regular files were let in
        return stream

    def rows(self, model: type[Model]) -> Iterator[list[Any]]:
        with self.member(archives.table_member(model)) as stream:
            yield from archives.rows(stream, model)


# ── Checking, which touches nothing ──────────────────────────────────────────
def check(path: Path) -> dict[str, Any]:
    """The manifest of an archive that this release can restore. Raises ArchiveRefused."""
    with checked(path) as archive:
        return archive.manifest


@contextmanager
def checked(path: Path) -> Iterator[Archive]:
    try:
        tar = tarfile.open(path, mode="r:")  # noqa: SIM115  (closed below)
    except UNREADABLE as error:
        raise ArchiveRefused(f"{path} cannot be read as a backup: {error}.") from error
    with tar:
        try:
            members = members_of(tar)
            archive = Archive(tar, manifest_of(tar, members))
            refuse_other_release(archive.manifest)
            refuse_other_contents(archive, members)
        except UNREADABLE as error:
            raise ArchiveRefused(f"{path} is damaged or cut short: {error}.") from error
        except NONSENSE as error:
            raise ArchiveRefused(f"{path} has a manifest that is not one of this application: {error!r}.") from error
        yield archive


def members_of(tar: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    """By name; each a plain file under a name that a backup gives."""
    known = {archives.MANIFEST, archives.CHECKSUM, *map(archives.table_member, archives.tables())}
    found: dict[str, tarfile.TarInfo] = {}
    for member in tar.getmembers():
        if not member.isreg() or not (member.name in known or archives.FILE_MEMBER.fullmatch(member.name)):
            raise ArchiveRefused(f"the archive has a member that no backup writes: {member.name!r}.")
        if member.name in found:
            raise ArchiveRefused(f"the archive has {member.name} twice.")
        found[member.name] = member
    return found


def manifest_of(tar: tarfile.TarFile, members: dict[str, tarfile.TarInfo]) -> dict[str, Any]:
    if not members.keys() >= {archives.MANIFEST, archives.CHECKSUM}:
        raise ArchiveRefused("the archive has no manifest: it was cut short, or was not made by `manage.py backup`.")
    text, checksum = (
        tar.extractfile(members[name]).read()  # type: ignore[union-attr]
        for name in (archives.MANIFEST, archives.CHECKSUM)
    )
    if checksum != f"{hashlib.sha256(text).hexdigest()}  {archives.MANIFEST}\n".encode():
        raise ArchiveRefused("the archive is damaged: its manifest is not the one that was written.")
    manifest: dict[str, Any] = json.loads(text)
    return manifest


def refuse_other_release(manifest: dict[str, Any]) -> None:
    if manifest["format"] != archives.FORMAT:
        raise ArchiveRefused(
            f"the archive has format {manifest['format']}, and this release reads format {archives.FORMAT}. "
            f"Restore it with release {manifest['release']}, which wrote it."
        )
    theirs, ours = set(manifest["migrations"]), set(archives.migrations())
    if theirs == ours:
        return
    if not ours:
        raise ArchiveRefused("the database has no tables yet. Make them with `manage.py migrate`, then restore.")
    parts = [
        f"{text} {', '.join(sorted(found)[:5])}{' …' if len(found) > 5 else ''}"
        for text, found in (("it lacks", ours - theirs), ("it has also", theirs - ours))
        if found
    ]
    raise ArchiveRefused(
        f"the archive was written at other migrations than this database has ({'; '.join(parts)}). Restore it with "
        f"release {manifest['release']}, which wrote it, into an empty instance, then upgrade that one."
    )


def refuse_other_contents(archive: Archive, members: dict[str, tarfile.TarInfo]) -> None:
    """Every member that the manifest names, no other, each byte for byte; every file that a row names."""
    manifest = archive.manifest
    ours = {model._meta.label: (archives.table_member(model), archives.names(model)) for model in archives.tables()}
    theirs = {label: (table["member"], table["columns"]) for label, table in manifest["tables"].items()}
    if theirs != ours:
        other = sorted(label for label in theirs | ours if theirs.get(label) != ours.get(label))
        raise ArchiveRefused(f"the archive has other tables or columns than this release: {', '.join(other)}.")
    expected = {table["member"]: table for table in manifest["tables"].values()} | manifest["files"]
    named = members.keys() - {archives.MANIFEST, archives.CHECKSUM}
    for text, wrong in (
        ("the archive is not whole, it lacks", expected.keys() - named),
        ("the archive has members that its manifest does not name:", named - expected.keys()),
    ):
        if wrong:
            raise ArchiveRefused(f"{text} {', '.join(sorted(wrong)[:5])}{' …' if len(wrong) > 5 else ''}.")
    for name, promised in expected.items():
        with archive.member(name) as stream:
            if archives.digest(stream) != (promised["size"], promised["sha256"]):
                raise ArchiveRefused(f"the archive is damaged: {name} is not what was written.")
    refuse_other_files(archive)


def refuse_other_files(archive: Archive) -> None:
    named = dict(archive.manifest["files"])
    lacking = {*archive.manifest["damaged"], *archive.manifest["taken_back"]}
    names = archives.names(StoredFile)
    for values in archive.rows(StoredFile):
        row = dict(zip(names, values, strict=True))
        promised = named.pop(f"files/{row['path']}", None)
        if promised != {"size": row["size"], "sha256": row["sha256"]} and row["path"] not in lacking:
            raise ArchiveRefused(f"the archive lacks the file {row['path']}, or has another in its place.")
    if named:
        raise ArchiveRefused(f"the archive has files that no row names: {', '.join(sorted(named)[:5])}.")


# ── Putting back ─────────────────────────────────────────────────────────────
def restore(path: Path) -> dict[str, Any]:
    """Fill this empty instance; the manifest. Raises ArchiveRefused, and then the instance is empty as before."""
    refuse_rows()
    refuse_files()
    with checked(path) as archive, unpacked(archive) as folder:
        placed: list[Path] = []
        try:
            with transaction.atomic(durable=True):
                keep_others_out()
                refuse_rows()
                for model in archives.tables():
                    load(archive, model)
                finish_database(archive.manifest)
                place(folder, archive.manifest["files"], placed)
        except DatabaseError as error:
            remove(placed)
            raise ArchiveRefused(f"the database refuses what the archive holds: {error}") from error
        except BaseException:
            remove(placed)
            raise
        return archive.manifest


def refuse_rows() -> None:
    there = set(connection.introspection.table_names())
    filled = [
        model._meta.label
        for model in archives.tables()
        if model._meta.db_table in there and model._base_manager.exists()
    ]
    if filled:
        raise ArchiveRefused(
            f"this instance is not empty (it has rows of {', '.join(filled[:5])}{' …' if len(filled) > 5 else ''}). "
            "An archive is restored only into a new database and a new DATA_DIR, where nothing ran but "
            "`manage.py migrate`."
        )


def refuse_files() -> None:
    if any(found.is_file() for found in Path(settings.FILES_DIR).rglob("*")):
        raise ArchiveRefused(
            f"this instance is not empty: there are files below {settings.FILES_DIR}. Move them away, or use a new "
            "DATA_DIR."
        )


@contextmanager
def unpacked(archive: Archive) -> Iterator[Path]:
    """The archive's files in a folder beside the place where they belong; it goes with the block."""
    place = Path(settings.FILES_DIR)
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=place) as name:
        folder = Path(name)
        for member, promised in archive.manifest["files"].items():
            target = folder / member.removeprefix("files/")
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.member(member) as source, target.open("wb") as stream:
                shutil.copyfileobj(source, stream, archives.CHUNK)
            if archives.digest_of(target) != (promised["size"], promised["sha256"]):
                raise ArchiveRefused(f"{member} could not be written as it is in the archive.")
        os.sync()  # before the rows that name them
        yield folder


def keep_others_out() -> None:
    """On SQLite the transaction does (IMMEDIATE)."""
    if connection.vendor == "postgresql":
        quoted = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in archives.tables())
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute(f"LOCK TABLE {quoted} IN EXCLUSIVE MODE")


def load(archive: Archive, model: type[Model]) -> None:
    names, loaded = archives.names(model), 0
    rows = archive.rows(model)
    try:
        while batch := list(islice(rows, ROWS_AT_ONCE)):
            model._base_manager.bulk_create([model(**dict(zip(names, row, strict=True))) for row in batch])
            loaded += len(batch)
    except NONSENSE as error:
        raise ArchiveRefused(f"a row of {model._meta.label}, after the {loaded}th, cannot be read: {error}") from error
    promised = archive.manifest["tables"][model._meta.label]["rows"]
    if loaded != promised:
        raise ArchiveRefused(f"{model._meta.label} has {loaded} rows, and the manifest says {promised}.")


def finish_database(manifest: dict[str, Any]) -> None:
    """Hold the rows to each other, let numbers go on after them, and queue what a worker had in hand."""
    models = archives.tables()
    StoredFile.objects.filter(path__in=manifest["taken_back"]).delete()
    connection.check_constraints(table_names=[model._meta.db_table for model in models])
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
    Job.objects.filter(state=JobState.RUNNING).queue_anew()


def place(folder: Path, files: dict[str, Any], placed: list[Path]) -> None:
    """Move the unpacked files to where they belong; `placed` tells how far it came."""
    for member in files:
        relative = member.removeprefix("files/")
        target = Path(settings.FILES_DIR) / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        (folder / relative).rename(target)
        placed.append(target)


def remove(placed: list[Path]) -> None:
    for path in placed:
        path.unlink(missing_ok=True)


def queued() -> Counter[str]:
    """How many jobs of each task the first worker will do."""
    return Counter(Job.objects.unfinished().order_by("pk").values_list("task", flat=True))
