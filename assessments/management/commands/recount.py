"""Prove the counters of sheets and sections equal to a fresh computation, and mend those that are not."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assessments.models import AnswerSheet
from assessments.progress import mend


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a counter differs")

    def handle(self, *args: Any, **options: Any) -> None:
        sheets = AnswerSheet.objects.select_related("project__country", "instrument").order_by("pk")
        different = 0
        for sheet in list(sheets.only("project__country__code", "project__round", "instrument__code")):
            found = mend(sheet.pk, write=not options["check"])
            different += bool(found)
            for difference in found:
                self.stdout.write(f"{sheet.project} {sheet.instrument}: {difference}")
        if different and options["check"]:
            raise CommandError(f"{different} of {len(sheets)} sheets have counters that differ; `recount` mends them.")
        self.stdout.write(f"{len(sheets)} sheets, {different} {'mended' if different else 'to mend'}.")
