"""Restore an archive of `manage.py backup` into an empty instance, one where only `manage.py migrate` ran.

Everything is checked before anything is touched, and all of it is put back or nothing. With --check it is only checked,
on any instance of the same release.
"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from foundation import restores
from foundation.archives import ArchiveRefused


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("archive", type=Path)
        parser.add_argument("--check", action="store_true", help="read the archive and say whether it is whole")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = (restores.check if options["check"] else restores.restore)(options["archive"])
        except ArchiveRefused as refusal:
            raise CommandError(f"{refusal}\nNothing was changed.") from refusal
        except OSError as error:
            raise CommandError(f"{error}\nNothing was changed.") from error
        if options["verbosity"]:
            outcome = "In order" if options["check"] else "Restored"
            rows = sum(table["rows"] for table in manifest["tables"].values())
            self.stdout.write(
                f"{outcome}: {rows} rows of {len(manifest['tables'])} tables and {len(manifest['files'])} files, "
                f"as they were at {manifest['made_at']}."
            )
        if manifest["damaged"]:
            self.stderr.write(f"The archive was made without these damaged files: {', '.join(manifest['damaged'])}")
        if not options["check"] and options["verbosity"]:
            for task, count in sorted(restores.queued().items()):
                self.stdout.write(f"Waiting for a worker: {count} × {task}")
