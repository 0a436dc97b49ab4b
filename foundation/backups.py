"""Backup: the database as it was at one moment, and the files that its rows name, while people go on saving."""

import gzip
import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from foundation import archives
from foundation.archives import ArchiveRefused
from foundation.models import StoredFile

ROWS_AT_ONCE = 200  # a frozen state of a project may take some hundred kilobytes


def back_up(target: Path, *, force: bool = False, without_damaged: bool = False) -> dict[str, Any]:
    """Write the archive, whole or not at all, readable by its owner only; its manifest.

    A file that is missing, or not the bytes that were stored, stops the backup; with `without_damaged` it is left out
    and named in the manifest. Raises ArchiveRefused.
    """
    refuse_existing(target, force)
    with tempfile.TemporaryDirectory(prefix=".readiness-backup-", dir=target.parent) as name:
        folder = Path(name)
        with snapshot():
            manifest: dict[str, Any] = {
                "format": archives.FORMAT,
                "release": settings.RELEASE,
                "made_at": timezone.now().isoformat(),
                "database": connection.vendor,
                "migrations": archives.migrations(),
                "left_out": archives.APPS_LEFT_OUT | archives.NOT_KEPT,
                "tables": {model._meta.label: write_table(model, folder) for model in archives.tables()},
            }
        archive = folder / "archive"
        with archive.open("xb") as stream:
            archive.chmod(0o600)
            with tarfile.open(fileobj=stream, mode="w") as tar:
                for table in manifest["tables"].values():
                    tar.add(folder / Path(table["member"]).name, table["member"], filter=anonymous)
                manifest |= add_files(tar, folder, without_damaged=without_damaged)
                add_manifest(tar, manifest)
            stream.flush()
            os.fsync(stream.fileno())
        refuse_existing(target, force)
        archive.rename(target)
    flush_folder(target.parent)
    return manifest


def refuse_existing(target: Path, force: bool) -> None:
    if target.exists() and not force:
        raise ArchiveRefused(f"{target} is there already, and stays as it is. Choose another name, or say --force.")


@contextmanager
def snapshot() -> Iterator[None]:
    """What is read inside is the database of one moment; nobody is kept from writing meanwhile."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")  # Django's own would be IMMEDIATE, and keep everybody from writing
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
    else:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield


def write_table(model: type[Model], folder: Path) -> dict[str, Any]:
    """Write the table's rows below the folder; what the manifest says of them."""
    member, names = archives.table_member(model), archives.names(model)
    path, count = folder / Path(member).name, 0
    found = model._base_manager.order_by("pk").values_list(*names).iterator(chunk_size=ROWS_AT_ONCE)
    with gzip.open(path, "wb", compresslevel=4) as stream:
        for row in found:
            stream.write(archives.encode(row))
            count += 1
    size, sha256 = archives.digest_of(path)
    return {"member": member, "columns": names, "rows": count, "size": size, "sha256": sha256}


def anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.mode, member.uid, member.gid, member.uname, member.gname = 0o600, 0, 0, "", ""
    return member


def add_files(tar: tarfile.TarFile, folder: Path, *, without_damaged: bool) -> dict[str, Any]:
    """Add the stored files that the rows written below the folder name; what the manifest says of them."""
    kept: dict[str, Any] = {}
    damaged: list[str] = []
    taken_back: list[str] = []
    names = archives.names(StoredFile)
    with (folder / Path(archives.table_member(StoredFile)).name).open("rb") as stream:
        for values in archives.rows(stream, StoredFile):
            row = dict(zip(names, values, strict=True))
            path = Path(settings.FILES_DIR) / row["path"]
            if path.is_file() and archives.digest_of(path) == (row["size"], row["sha256"]):
                tar.add(path, f"files/{row['path']}", filter=anonymous)
                kept[f"files/{row['path']}"] = {"size": row["size"], "sha256": row["sha256"]}
            elif StoredFile.objects.filter(path=row["path"]).exists():
                damaged.append(row["path"])
            else:  # by `files.discard`, since the snapshot: nothing refers to it
                taken_back.append(row["path"])
    if damaged and not without_damaged:
        raise ArchiveRefused(
            f"{len(damaged)} files below {settings.FILES_DIR} are missing or not what was stored: "
            f"{', '.join(damaged[:10])}{' …' if len(damaged) > 10 else ''}. Put them back from an earlier backup, or "
            "say --without-damaged to make a backup that lacks them."
        )
    return {"files": kept, "damaged": damaged, "taken_back": taken_back}


def add_manifest(tar: tarfile.TarFile, manifest: dict[str, Any]) -> None:
    text = json.dumps(manifest, indent=1).encode()
    checksum = f"{hashlib.sha256(text).hexdigest()}  {archives.MANIFEST}\n".encode()
    for name, content in ((archives.MANIFEST, text), (archives.CHECKSUM, checksum)):
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = len(content), 0o600, int(timezone.now().timestamp())
        tar.addfile(member, io.BytesIO(content))


def flush_folder(folder: Path) -> None:
    """Make the new name in it survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
