"""The clock: wakes again, every few seconds, the jobs that wait or whose worker died, and empties now and then what
killed processes left behind. Two clocks do no harm.
"""

import contextlib
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections, connection
from django.utils.module_loading import module_has_submodule

from foundation import jobs, leftovers

logger = logging.getLogger(__name__)
SECONDS_TO_FINISH = 30


def schedules() -> Iterator[tuple[str, Callable[[], object]]]:
    """What each app has the clock do, by the app's name."""
    for config in apps.get_app_configs():
        if module_has_submodule(config.module, "schedule"):
            yield config.name, import_module(f"{config.name}.schedule").run


class Command(BaseCommand):
    help = __doc__
    worker: subprocess.Popen[bytes] | None = None
    empties_at = 0.0  # monotonic

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
                if not jobs.sweep():
                    self.work_without_queue()
                if options["heartbeat"]:
                    options["heartbeat"].touch()
            except DatabaseError as error:
                logger.warning("the clock could not reach the database, it tries again: %s", error)
                connection.close()
            self.empty()
            if options["once"]:
                return
            over.wait(settings.CLOCK_SECONDS)
        self.end_work()

    def work_without_queue(self) -> None:
        """Have a process of our own do what waits, one at a time (decision 0011); none while one is at it."""
        if self.worker is None or self.worker.poll() is not None:
            logger.warning("the queue takes no messages: the jobs that wait are done without it")
            command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "work"]
            self.worker = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603

    def empty(self) -> None:
        """Once an hour, here and in the `schedule` of each app. What fails stops neither the rest nor the clock."""
        if time.monotonic() < self.empties_at:
            return
        self.empties_at = time.monotonic() + leftovers.PAUSE
        for name, act in [("leftovers", leftovers.throw_away), *schedules()]:
            try:
                act()
            except (OSError, DatabaseError):
                logger.exception("the clock's hourly work failed, it tries again in an hour: %s", name)

    def end_work(self) -> None:
        """Let it finish the job that it has; if it takes longer, its lease runs out and another does it."""
        if self.worker is not None:
            self.worker.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.worker.wait(timeout=SECONDS_TO_FINISH)
