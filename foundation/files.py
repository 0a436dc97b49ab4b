"""Files below FILES_DIR, under names that we make, written whole or not at all."""

import contextlib
import errno
import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler

from foundation.models import StoredFile

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class NotStored(Exception):
    """The place for files refused one: it `is_full`, or cannot be written."""

    def __init__(self, error: OSError) -> None:
        super().__init__(repr(error))
        self.is_full = error.errno in FULL


def path_of(file: StoredFile) -> Path:
    return Path(settings.FILES_DIR) / file.path


def store(
    chunks: Iterable[bytes], *, folder: str, name: str, content_type: str, key: uuid.UUID | None = None
) -> StoredFile:
    """Write the chunks under a temporary name, rename, and return the row (saved). Raises NotStored.

    `key`: of what is made again after a killed attempt, so that it is written over what that one left. Only one at a
    time may write it.
    """
    relative = f"{folder}/{(key or uuid.uuid4()).hex}"
    target = Path(settings.FILES_DIR) / relative
    temporary = target.with_suffix(".part")
    digest, size = hashlib.sha256(), 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            for chunk in chunks:
                stream.write(chunk)
                digest.update(chunk)
                size += len(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.rename(target)
    except OSError as error:
        raise NotStored(error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return StoredFile.objects.create(
        path=relative, name=name[:200], content_type=content_type, size=size, sha256=digest.hexdigest()
    )


def discard(file: StoredFile) -> None:
    """Take back what was stored for a row that was then refused."""
    file.delete()
    path_of(file).unlink(missing_ok=True)


class UploadOrNone(TemporaryFileUploadHandler):
    """Django's; but a file that cannot be written is left out alone: what was sent with it is read as ever."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        with self.left_out_if_refused():
            super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        with self.left_out_if_refused():
            super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> Any:
        try:
            return super().file_complete(file_size)
        except OSError:  # what was still to be written
            self.leave_out()
            return None

    @contextlib.contextmanager
    def left_out_if_refused(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.leave_out()
            raise SkipFile from error

    def leave_out(self) -> None:
        left_out(self.request).add(self.field_name)
        if file := self.__dict__.pop("file", None):
            with contextlib.suppress(OSError):
                file.close()


def left_out(request: Any) -> set[str]:
    """The names of the fields whose files could not be written while the request was read."""
    return request.__dict__.setdefault("_left_out", set())
