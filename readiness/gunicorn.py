"""gunicorn's settings, the same in both modes: configuration only. Its address is said on its command line."""

import gc
import os
from pathlib import Path
from typing import Any

from readiness.settings import LOGGING, METRICS_DIR, METRICS_TOKEN

worker_class = "readiness.worker.Worker"  # with threads
workers = 2
threads = 4
timeout = 60
graceful_timeout = 30
preload_app = True
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn's own unnamed file
logconfig_dict = LOGGING

# The workers' counts, added up when asked for (readiness/metrics.py): of this gunicorn only, and from now on.
if METRICS_TOKEN and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    METRICS_DIR.mkdir(parents=True, exist_ok=True)
    for of_an_earlier_one in METRICS_DIR.glob("*.db"):
        of_an_earlier_one.unlink()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(METRICS_DIR)


def when_ready(_server: Any) -> None:
    """What was loaded stays: no collection of a worker looks through it again (94 ms each time, before)."""
    gc.collect()
    gc.freeze()
