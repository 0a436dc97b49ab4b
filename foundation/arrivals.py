"""Files that arrive in chunks: written in place as they come, below FILES_DIR, until they are whole."""

import contextlib
import hashlib
import os
import time
import uuid
from pathlib import Path

from django.conf import settings

from foundation import files
from foundation.models import StoredFile


class Gone(Exception):
    """What had arrived is no longer there (a file store that was restored or emptied): it has to be sent again."""


def _half(key: uuid.UUID) -> Path:
    return Path(settings.FILES_DIR) / "arriving" / f"{key.hex}.half"


def write(key: uuid.UUID, offset: int, chunk: bytes) -> None:
    """Write the bytes at their place; the same ones again change nothing. Raises Gone, files.NotStored."""
    path = _half(key)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as stream:
            if os.fstat(stream.fileno()).st_size < offset:
                raise Gone
            stream.seek(offset)
            stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise files.NotStored(error) from error


def head(key: uuid.UUID, count: int, *, folder: str) -> bytes:
    """The first bytes of what has arrived, also where an attempt to `keep` it was killed. Raises Gone."""
    for path in (_half(key), _target(key, folder)):
        with contextlib.suppress(FileNotFoundError), path.open("rb") as stream:
            return stream.read(count)
    raise Gone


def _target(key: uuid.UUID, folder: str) -> Path:
    return Path(settings.FILES_DIR) / folder / key.hex


def keep(key: uuid.UUID, *, folder: str, name: str, content_type: str, size: int) -> StoredFile:
    """Give the whole file its place and its row (saved). Raises Gone where there is none, or not all of it.

    Done again after a killed attempt it takes over what that one had moved already.
    """
    target = _target(key, folder)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # moved by an attempt before
            _half(key).rename(target)
        with target.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            if stream.tell() != size:
                raise Gone
    except FileNotFoundError as error:
        raise Gone from error
    except OSError as error:
        raise files.NotStored(error) from error
    stored, _is_new = StoredFile.objects.get_or_create(
        path=f"{folder}/{key.hex}",
        defaults={"name": name[:200], "content_type": content_type, "size": size, "sha256": sha256},
    )
    return stored


def throw_away(key: uuid.UUID) -> None:
    _half(key).unlink(missing_ok=True)


def throw_away_old(key: uuid.UUID, *, folder: str) -> None:
    """The same of what nobody goes on with; also the whole file, where an attempt to `keep` it was killed half-way."""
    throw_away(key)
    if not StoredFile.objects.filter(path=f"{folder}/{key.hex}").exists():
        _target(key, folder).unlink(missing_ok=True)


def throw_away_forgotten(*, older_than: float) -> None:
    """Bytes that arrived after their upload was given up, and that nobody has touched for so many seconds."""
    for path in (Path(settings.FILES_DIR) / "arriving").glob("*.half"):
        if path.stat().st_mtime < time.time() - older_than:
            path.unlink(missing_ok=True)
