"""Guards, own folders and servers for every test; then the people and clients that tests share."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from celery import current_app
from django.conf import settings as project_settings
from django.core.signals import setting_changed
from django.db import connection
from django.utils import translation

from readiness import prepare
from tests import guards, servers

# How long an example takes on a machine that others share says nothing of what it tests.
hypothesis.settings.register_profile("shared", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("fuzz", parent=hypothesis.settings.get_profile("shared"), max_examples=4000)
hypothesis.settings.load_profile("shared")

# ── Guards (tests/guards.py) ─────────────────────────────────────────────────


def pytest_configure(config: pytest.Config) -> None:
    """WhiteNoise warns of a missing folder, and a warning is an error; a clean checkout has no compiled French."""
    project_settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    if not hasattr(config, "workerinput"):  # once, before the processes of xdist read them
        prepare.compile_translations(project_settings.LOCALE_PATHS)
        setting_changed.send(None, setting="LOCALE_PATHS", value=None, enter=True)  # Django read the French before that


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Two connections at once need a database that locks rows: `make test` runs those tests in its second part."""
    if connection.vendor == "postgresql":
        return
    left_out = [item for item in items if item.get_closest_marker("postgresql")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    guards.fail_when_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    report = yield
    guards.fail_when_skipped(report)
    return report


@pytest.fixture(scope="session", autouse=True)
def _guards_for_all() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        guards.guard_client(monkeypatch)
        guards.guard_templates(monkeypatch)
        guards.shuffle_unordered_queries(monkeypatch)
        guards.keep_connection_in_transaction(monkeypatch)
        yield


@pytest.fixture(autouse=True)
def _own_folders(settings: Any, tmp_path: Path) -> None:
    guards.own_folders(settings, tmp_path)


@pytest.fixture(scope="session", autouse=True)
def _no_message_leaves() -> None:
    """Job rows are the truth; the message that wakes a worker goes nowhere. Server tests start workers of their own."""
    current_app.conf.broker_url = "memory://"


@pytest.fixture(autouse=True)
def _english_unless_said() -> Iterator[None]:
    """What no request and no test says otherwise is in English, whatever the test before left behind."""
    with translation.override("en"):
        yield


# ── Servers (tests/servers.py): for tests marked `server` or `browser` ───────


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL of this run."""
    with servers.postgresql(tmp_path_factory.mktemp("postgresql")) as url:
        yield url


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis of this run."""
    with servers.redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def demo_site(tmp_path_factory: pytest.TempPathFactory, redis_server: str) -> Iterator[servers.Site]:
    """Readiness with its demonstration, a real worker and clock, over Redis; shared by the tests that only read it."""
    with servers.site(tmp_path_factory.mktemp("demo") / "var", REDIS_URL=redis_server) as running:
        yield running


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's chromium, which calls nobody."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright runs a loop in this thread
    quiet = ["quic", "background-networking", "component-update", "sync", "gpu"]
    return {
        "executable_path": "/usr/bin/chromium",
        "args": ["--no-sandbox", "--no-first-run", *(f"--disable-{name}" for name in quiet)],
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Without the service worker, but where a test is about it: what it answers, a test cannot see on its way."""
    return {**browser_context_args, "locale": "en-GB", "timezone_id": "UTC", "service_workers": "block"}


# ── People and clients ───────────────────────────────────────────────────────
