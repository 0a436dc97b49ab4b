"""What machines ask: whether a process answers, whether it may be given requests."""

import json
import os
import subprocess
import sys

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from tests.servers import ROOT

READY = {"database": "ok", "migrations": "ok", "files": "ok", "cache": "ok", "queue": "ok"}


def test_live_asks_nobody(client):
    """Neither database nor session: a test without the mark may not touch the database."""
    response = client.get("/health/live", headers={"Cookie": "session=somebody"})
    assert (response.status_code, response.json()) == (200, {"status": "live"})
    assert "no-store" in response["Cache-Control"]
    assert "Set-Cookie" not in response


@pytest.mark.django_db
def test_ready_says_what_works(client):
    response = client.get("/health/ready", headers={"Host": "10.0.0.7:8000"})
    assert (response.status_code, response.json()) == (200, {"status": "ready", **READY})
    assert "no-store" in response["Cache-Control"]
    assert client.post("/health/ready").status_code == 405


@pytest.mark.django_db
def test_not_ready_while_a_migration_is_missing(client):
    MigrationRecorder(connection).record_unapplied("foundation", "0001_first")
    response = client.get("/health/ready")
    assert (response.status_code, response.json()) == (503, {"status": "not ready", **READY, "migrations": "missing"})


@pytest.mark.django_db
def test_not_ready_when_files_cannot_be_written(client, settings, tmp_path):
    (tmp_path / "file").touch()
    settings.FILES_DIR = tmp_path / "file"
    response = client.get("/health/ready")
    assert (response.status_code, response.json()) == (503, {"status": "not ready", **READY, "files": "failed"})


@pytest.mark.django_db
def test_ready_without_redis(client, settings):
    settings.CACHES = {
        "default": {"BACKEND": "foundation.caches.ForgivingRedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }
    response = client.get("/health/ready")
    assert (response.status_code, response.json()) == (200, {"status": "ready", **READY, "cache": "away"})


ASK = """
import django, json
django.setup()
from django.test import Client
print(json.dumps([[reply.status_code, reply.json()] for reply in map(Client().get, ["/health/live", "/health/ready"])]))
"""


def test_a_process_without_database_and_redis_is_live_and_not_ready(tmp_path):
    environment = {
        "PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "readiness.settings",
        "DATABASE_URL": "postgres://readiness:secret@127.0.0.1:1/readiness", "REDIS_URL": "redis://127.0.0.1:1/0",
        "SITE_URL": "https://readiness.example", "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK], cwd=ROOT, env=environment, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    failed = {"database": "failed", "migrations": "failed", "files": "ok", "cache": "away", "queue": "failed"}
    assert json.loads(done.stdout) == [[200, {"status": "live"}], [503, {"status": "not ready", **failed}]]
    assert "secret" not in done.stdout
