"""Does the jobs that wait in this process, one after the other, until none waits: what workers do, without their queue.

The clock starts it while the queue takes no messages. A job's row is claimed as ever, so that workers, two clocks and
two of these do no harm.
"""

import logging
import signal
from typing import Any

from billiard.exceptions import SoftTimeLimitExceeded
from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections

from foundation import jobs

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        self.is_over = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.end_after_this)
        current_app.loader.import_default_modules()  # so that it knows every app's tasks
        jobs.work_off(self.begin_next)

    def end_after_this(self, *_: Any) -> None:
        self.is_over = True

    def begin_next(self) -> bool:
        """Whether to go on; if so, with the time limits that a worker sets a task."""
        close_old_connections()
        signal.signal(signal.SIGALRM, self.stop_soft)
        signal.alarm(0 if self.is_over else int(settings.CELERY_TASK_SOFT_TIME_LIMIT))
        return not self.is_over

    def stop_soft(self, *_: Any) -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the next one ends this process
        signal.alarm(int(settings.CELERY_TASK_TIME_LIMIT - settings.CELERY_TASK_SOFT_TIME_LIMIT))
        raise SoftTimeLimitExceeded
