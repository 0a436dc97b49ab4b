import csv
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from foundation.fields import Texts
from projects.models import Country, Region

COUNTRIES = settings.BASE_DIR / "fixtures/countries.csv"
FIELDS = ("iso2", "name", "region", "languages")


class Command(BaseCommand):
    help = "Load the UPU's member countries, or bring their names, regions and languages up to date."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", default=COUNTRIES)

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        there = {country.code: country for country in Country.objects.select_for_update().order_by("code")}
        new, changed = [], []
        for country in _read(options["file"]):
            known = there.get(country.code)
            if known is None:
                new.append(country)
            elif any(getattr(known, name) != getattr(country, name) for name in FIELDS):
                country.pk = known.pk
                changed.append(country)
        Country.objects.bulk_create(new)
        Country.objects.bulk_update(changed, FIELDS)
        if options["verbosity"]:
            self.stdout.write(f"{len(new)} countries are new, {len(changed)} were changed.")


def _read(file: Path) -> list[Country]:
    """The countries of the file, not saved. Raises CommandError with the line of what is wrong."""
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
    codes: set[str] = set()
    for line, row in enumerate(rows, start=2):
        if row["region"] not in Region.values:
            raise CommandError(f"{file}:{line}: “{row['region']}” is not a region: {', '.join(Region.values)}.")
        if not all(row[key] for key in ("code", "name_fr", "name_en")) or row["code"] in codes:
            raise CommandError(f"{file}:{line}: a code that no other country has, and both names, are needed.")
        codes.add(row["code"])
    return [
        Country(
            code=row["code"],
            iso2=row["iso2"],
            name=Texts(fr=row["name_fr"], en=row["name_en"]),
            region=row["region"],
            languages=row["official_languages"].split(),
        )
        for row in rows
    ]
