"""What killed processes left behind: files that were never whole, and temporary folders. The clock throws it away."""

import contextlib
import logging
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

logger = logging.getLogger(__name__)
AGE = 24 * 60 * 60  # seconds: nothing that is still being written is as old
PAUSE = 60 * 60  # seconds between two rounds


def throw_away(*, older_than: int = AGE) -> int:
    """Delete what nobody has touched for so many seconds; how many files and folders. Two clocks do no harm."""
    until = time.time() - older_than
    count = 0
    for path in _leftovers():
        with contextlib.suppress(OSError):  # another clock was faster
            if path.lstat().st_mtime < until:
                _delete(path)
                count += 1
    if count:
        logger.info("thrown away: %s files and folders that were left behind", count)
    return count


def _leftovers() -> Iterator[Path]:
    """Files that were being written, and all that lies in our temporary folder. One that others use too is theirs."""
    ours, temporary = Path(settings.DATA_DIR), Path(tempfile.gettempdir())
    yield from (path for folder in (Path(settings.FILES_DIR), ours / "fontconfig") for path in folder.rglob("*.part"))
    if temporary.resolve().is_relative_to(ours.resolve()):
        yield from temporary.iterdir()


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
