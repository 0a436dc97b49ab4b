"""Back the site up into one archive, while it runs: every row of every table, and every stored file.

TARGET is the archive's name, or a folder, in which it gets a name of the date and time. The secret key and the other
settings are not in it. docs/operations.md says where to keep archives, and how to restore.
"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from foundation import backups
from foundation.archives import ArchiveRefused


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target", type=Path)
        parser.add_argument("--force", action="store_true", help="replace an archive of that name")
        parser.add_argument(
            "--without-damaged",
            action="store_true",
            help="leave out files that are missing or not what was stored, and name them in the manifest",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        target: Path = options["target"]
        if target.is_dir():
            target = target / f"readiness-{timezone.now():%Y-%m-%d-%H%M%S}.tar"
        try:
            manifest = backups.back_up(target, force=options["force"], without_damaged=options["without_damaged"])
        except ArchiveRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            raise CommandError(f"{target} cannot be written: {error.strerror}.") from error
        if manifest["damaged"]:
            self.stderr.write(f"Left out, as missing or damaged: {', '.join(manifest['damaged'])}")
        if options["verbosity"]:
            rows = sum(table["rows"] for table in manifest["tables"].values())
            self.stdout.write(
                f"{target}: {rows} rows of {len(manifest['tables'])} tables and {len(manifest['files'])} files, "
                f"{target.stat().st_size / 1e6:.1f} MB."
            )
