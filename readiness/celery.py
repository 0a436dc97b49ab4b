"""The Celery application: configuration only. What runs, and when again, is decided by the job's row (DESIGN, Jobs)."""

import os
import signal
from logging.config import dictConfig

from billiard.process import current_process
from celery import Celery
from celery.signals import setup_logging, worker_process_init
from django.conf import settings

from readiness.parent import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readiness.settings")
app = Celery("readiness")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def log_as_everywhere(**_: object) -> None:
    """Celery leaves logging alone when someone listens here."""
    dictConfig(settings.LOGGING)


@worker_process_init.connect
def end_with_worker(**_: object) -> None:
    """A process of the pool does not outlive its worker: left alone, it could wait for ever."""
    end_with_parent(signal.SIGKILL, current_process()._parent_pid)


@worker_process_init.connect
def give_way(**_: object) -> None:
    """Whoever saves an answer is served first; a document may take a second longer (between containers: cpu_shares)."""
    os.nice(10)
