"""Fill an empty database as large as the whole membership after several rounds, with made-up rows, to measure on it."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from reports import world


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--countries", type=int, default=192)
        parser.add_argument("--rounds", type=int, default=5)
        parser.add_argument("--people", type=int, default=10, help="who answer, a country (3 or more)")
        parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same rows")
        parser.add_argument("--yes-this-is-a-test-database", action="store_true", help="needed on PostgreSQL")

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor == "postgresql" and not options["yes_this_is_a_test_database"]:
            raise CommandError(
                "This writes a hundred thousand made-up rows under the names of real countries. On PostgreSQL it needs "
                "--yes-this-is-a-test-database."
            )
        if min(options["countries"], options["rounds"]) < 1 or options["people"] < 3:
            raise CommandError("A world has at least one country, one round and three people a country.")
        size = world.Size(options["countries"], options["rounds"], options["people"])
        began = time.monotonic()
        try:
            world.fill(size, seed=options["seed"], say=self.say if options["verbosity"] else lambda text: None)
        except world.CannotFill as problem:
            raise CommandError(str(problem)) from problem
        self.say(f"Filled in {time.monotonic() - began:.0f} s.")
        self.say(
            "WARNING: everything in this database is made up for load tests; no line of it says anything of a country."
        )

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
