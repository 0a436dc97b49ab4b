"""Load the demonstration: fictitious countries, people and projects. A second time it changes nothing."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from reports import demo


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_ALLOWED:
            raise CommandError(
                "The demonstration has accounts whose password is known, so it is not loaded into a PostgreSQL "
                "database unless DEMO_ALLOWED=yes asks for it."
            )
        try:
            loaded = demo.load(self.say if options["verbosity"] else lambda text: None)
        except demo.CannotLoad as problem:
            raise CommandError(str(problem)) from problem
        if options["verbosity"]:
            self.say(
                "The demonstration is loaded."
                if loaded
                else "The demonstration was loaded before; nothing was changed."
            )

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
