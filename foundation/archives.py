"""The shape of a backup: a tar of rows as JSON lines and of files, with a manifest of sizes and SHA-256 checksums.

    tables/<app>.<model>.jsonl.gz   one line a row, its values in the order of the manifest's columns
    files/<folder>/<name>           the stored files, byte for byte
    manifest.json                   what the archive holds, what it leaves out, at which migrations it was written
    manifest.sha256                 the checksum of the manifest; the last member, so that a cut archive lacks it

Nothing in it depends on the database that it came from.
"""

import datetime
import decimal
import gzip
import hashlib
import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from django.apps import apps
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Field, Model

FORMAT = 1
MANIFEST, CHECKSUM = "manifest.json", "manifest.sha256"
FILE_MEMBER = re.compile(r"files(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")  # no part begins with a dot
CHUNK = 1024 * 1024

# The apps whose tables are left out, and why that loses nothing.
APPS_LEFT_OUT = {
    "sessions": "people sign in again",
    "contenttypes": "made by the migrations",
    "auth": "Django's own permissions and groups, which this application does not use",
}
# What else is on a site's disk.
NOT_KEPT = {
    "the secret key and other settings": "kept by the operator, apart from the data they protect",
    "mails written as files": "every message is a row",
    "cache, queue, static files, translations": "made anew",
}


class ArchiveRefused(Exception):
    """The backup or the restoring stops here, nothing was changed; the text says why and what to do."""


def tables() -> list[type[Model]]:
    """Every table that is kept, those between two models included, by name."""
    kept = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.app_label not in APPS_LEFT_OUT
    ]
    return sorted(kept, key=lambda model: model._meta.label)


def columns(model: type[Model]) -> list["Field[Any, Any]"]:
    return list(model._meta.local_concrete_fields)


def names(model: type[Model]) -> list[str]:
    return [field.attname for field in columns(model)]


def table_member(model: type[Model]) -> str:
    return f"tables/{model._meta.label_lower}.jsonl.gz"


def migrations() -> list[str]:
    """Those that this database has."""
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


def encode(row: tuple[Any, ...]) -> bytes:
    return json.dumps(row, default=_plain, separators=(",", ":")).encode() + b"\n"


def _plain(value: Any) -> str:
    if isinstance(value, datetime.date | datetime.time):  # and date with time
        return value.isoformat()
    if isinstance(value, decimal.Decimal | uuid.UUID):
        return str(value)
    raise TypeError(f"no way to write a {type(value).__name__} into a backup")


def decode(line: bytes, fields: list["Field[Any, Any]"]) -> list[Any]:
    """The row's values. Raises ValueError, ValidationError where the line does not fit the columns."""
    return [
        None if value is None else field.to_python(value) for field, value in zip(fields, json.loads(line), strict=True)
    ]


def rows(stream: IO[bytes], model: type[Model]) -> Iterator[list[Any]]:
    """The rows of a table's member, one after the other."""
    fields = columns(model)
    with gzip.open(stream) as lines:
        for line in lines:
            yield decode(line, fields)


def digest(stream: IO[bytes]) -> tuple[int, str]:
    """Size and SHA-256 of what is left to read."""
    sha256, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK):
        sha256.update(chunk)
        size += len(chunk)
    return size, sha256.hexdigest()


def digest_of(path: Path) -> tuple[int, str]:
    with path.open("rb") as stream:
        return digest(stream)
