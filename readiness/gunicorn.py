"""gunicorn's settings, the same in both modes: configuration only. Its address is said on its command line."""

from pathlib import Path

worker_class = "gthread"
workers = 2
threads = 4
timeout = 60
graceful_timeout = 30
preload_app = True
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn's own unnamed file
