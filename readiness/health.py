"""What machines ask of a process: does it answer, may it be given requests. No session, no sign-in, no secret."""

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache as shared_cache
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


class NotReady(Exception):
    """A part does not do its work; the text says which way, without any address or name."""


@never_cache
@login_not_required
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers; it asks nobody."""
    return JsonResponse({"status": "live"})


@never_cache
@login_not_required
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """The process can do what people ask of it; 503 with the part that cannot. Without Redis the site still works."""
    needed = {name: state_of(check) for name, check in NEEDED.items()}
    wanted = {name: state_of(check) for name, check in WANTED.items()}
    is_ready = set(needed.values()) == {"ok"}
    return JsonResponse(
        {"status": "ready" if is_ready else "not ready", **needed, **wanted}, status=200 if is_ready else 503
    )


def state_of(check: Callable[[], None]) -> str:
    try:
        check()
    except NotReady as problem:
        return str(problem)
    except Exception:  # whatever it is, it may name hosts and folders
        return "failed"
    return "ok"


@cache
def our_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def database() -> None:
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def migrations() -> None:
    if our_migrations() - set(MigrationRecorder(connection).applied_migrations()):
        raise NotReady("missing")


def files() -> None:
    folder = Path(settings.FILES_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"ready")
        file.flush()


def cache_answers() -> None:
    shared_cache.set("health", "asked", timeout=60)
    if shared_cache.get("health") is None:
        raise NotReady("away")


def queue() -> None:
    with current_app.connection_for_write() as broker:
        broker.connect()


NEEDED = {"database": database, "migrations": migrations, "files": files}
WANTED = {"cache": cache_answers, "queue": queue}
