"""How lines are logged: plain for a terminal, JSON for whoever collects them. JSON lines hold no personal data."""

import json
import logging
import re
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from foundation import trace

E_MAIL = re.compile(r"[^\s@<>\"'(]+@[^\s@<>\"')]+")
# An invitation and a new password are asked for by addresses that are secrets.
SECRET_PATH = re.compile(r"(/invitations/|/password/reset/key/)[^/\s]+")
QUIET = (
    "weasyprint", "fontTools", "celery", "celery.redirected", "django.template", "django.utils.autoreload",
)  # fmt: skip


def configuration(form: str, level: str) -> dict[str, Any]:
    """For logging.config: `form` is plain or json."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
            "json": {"()": JsonFormatter},
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": form}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            **{name: {"level": "WARNING"} for name in QUIET},
            # Who stands before a terminal looks for what went wrong, not for every request.
            "readiness.requests": {"level": "INFO" if form == "json" else "WARNING"},
            # What the line of the request says already, with its path.
            **({"django.request": {"level": "ERROR"}} if form == "json" else {}),
            "gunicorn.error": {"propagate": True},
        },
    }


class JsonFormatter(logging.Formatter):
    """One line per event; what a record has as `facts` is added to it."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": tellable(record.getMessage()),
            "request": trace.request_id.get(),
            "user": trace.user_id.get(),
            "job": trace.job_id.get(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[1]:
            line["error"] = list(told(record.exc_info[1]))
        return json.dumps({name: value for name, value in line.items() if value != ""}, ensure_ascii=False, default=str)


def tellable(text: str) -> str:
    """The first line, without secrets. What follows it may be a row of the database, with what people wrote."""
    return SECRET_PATH.sub(r"\1…", E_MAIL.sub("…@…", text.strip().partition("\n")[0][:1000]))


def told(error: BaseException | None) -> Iterator[str]:
    """An exception and those it came from: which, what it says, and where it was raised."""
    while error is not None:
        yield f"{type(error).__name__}: {tellable(str(error))}"
        yield from (
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        )
        error = error.__cause__ or error.__context__
