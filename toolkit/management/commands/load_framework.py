from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from toolkit.actions import FileRefused, Loaded, VersionPublished, load
from toolkit.models import Question


class Command(BaseCommand):
    help = "Check a framework file and publish it, whole or not at all. Every problem is reported with its line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            loaded = load(file.read_bytes())
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except FileRefused as refusal:
            for problem in refusal.problems:
                self.stderr.write(f"{file}:{problem}")
            count = len(refusal.problems)
            raise CommandError(
                f"{count} problem{'s' if count > 1 else ''} in {file}. Nothing was changed."
            ) from refusal
        except VersionPublished as refusal:
            raise CommandError(
                f"{file}: {refusal.framework} is published with other content, which never changes. "
                "Give the file a new version number. Nothing was changed."
            ) from refusal
        if options["verbosity"]:
            self.stdout.write(_sentence(loaded))


def _sentence(loaded: Loaded) -> str:
    if not loaded.is_new:
        return f"{loaded.framework} is loaded already, with the same content. Nothing was changed."
    count = Question.objects.filter(section__instrument__framework=loaded.framework).count()
    return f"{loaded.framework} is loaded: {count} questions."
