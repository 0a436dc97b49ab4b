"""The clock: wakes again, every few seconds, the jobs that wait or whose worker died. Two clocks do no harm."""

import logging
import signal
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections, connection

from foundation import jobs

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--once", action="store_true", help="sweep once and end")
        parser.add_argument(
            "--heartbeat", type=Path, help="a file to touch after each round in which the database answered"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        over = threading.Event()
        if not options["once"]:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: over.set())
        while not over.is_set():
            try:
                close_old_connections()
                jobs.sweep()
                if options["heartbeat"]:
                    options["heartbeat"].touch()
            except DatabaseError as error:
                logger.warning("the clock could not reach the database, it tries again: %s", error)
                connection.close()
            if options["once"]:
                break
            over.wait(settings.CLOCK_SECONDS)
