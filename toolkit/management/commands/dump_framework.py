from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from toolkit.actions import dump
from toolkit.models import FrameworkVersion


class Command(BaseCommand):
    help = "Write a loaded framework as its file, byte for byte the committed one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code")
        parser.add_argument("version")

    def handle(self, *args: Any, **options: Any) -> None:
        framework = FrameworkVersion.objects.filter(code=options["code"], version=options["version"]).first()
        if framework is None:
            known = ", ".join(f"{loaded.code} {loaded.version}" for loaded in FrameworkVersion.objects.all()) or "none"
            raise CommandError(f"{options['code']} {options['version']} is not loaded. Loaded: {known}.")
        self.stdout.write(dump(framework), ending="")
