"""Files below FILES_DIR, under names that we make, written whole or not at all."""

import hashlib
import os
import uuid
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from foundation.models import StoredFile


def path_of(file: StoredFile) -> Path:
    return Path(settings.FILES_DIR) / file.path


def store(chunks: Iterable[bytes], *, folder: str, name: str, content_type: str) -> StoredFile:
    """Write the chunks under a temporary name, rename, and return the row (saved)."""
    relative = f"{folder}/{uuid.uuid4().hex}"
    target = Path(settings.FILES_DIR) / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(".part")
    digest, size = hashlib.sha256(), 0
    try:
        with temporary.open("wb") as stream:
            for chunk in chunks:
                stream.write(chunk)
                digest.update(chunk)
                size += len(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.rename(target)
    finally:
        temporary.unlink(missing_ok=True)
    return StoredFile.objects.create(
        path=relative, name=name[:200], content_type=content_type, size=size, sha256=digest.hexdigest()
    )


def discard(file: StoredFile) -> None:
    """Take back what was stored for a row that was then refused."""
    file.delete()
    path_of(file).unlink(missing_ok=True)
