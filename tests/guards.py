"""What every test is held to, each guard catching one class of fault (STYLE, Tests 4). Turned on in conftest.py."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.constants import MULTI
from django.template import engines
from django.template.base import FilterExpression, Node
from django.template.defaultfilters import default
from django.test import Client

ROOT = Path(__file__).resolve().parent.parent
READS = {"GET", "HEAD", "OPTIONS"}
WRITES = {"INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "TRUNCATE"}


# ── A GET that writes fails ──────────────────────────────────────────────────
def refuse_writes(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    if sql.lstrip().split(None, 1)[0].upper() in WRITES and "django_session" not in sql:
        raise AssertionError(f"A GET request must not write: {sql[:120]}")
    return execute(sql, params, many, context)


@contextmanager
def reading_only() -> Iterator[None]:
    with connections["default"].execute_wrapper(refuse_writes):
        yield


def guard_client(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Client.request

    def request(self: Client, **environ: Any) -> Any:
        if environ.get("REQUEST_METHOD", "GET") not in READS:
            return original(self, **environ)
        with reading_only():
            return original(self, **environ)

    monkeypatch.setattr(Client, "request", request)


# ── An undefined variable in one of our templates fails ──────────────────────
class Undefined(str):
    """`string_if_invalid`: Django writes it where a variable is undefined, after `%` with the variable's name.

    It is empty where the template says what stands instead (`|default:`), so that Django goes on to that filter.
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        expression = sys._getframe(1).f_locals.get("self")
        return isinstance(expression, FilterExpression) and not says_default(expression)

    def __contains__(self, part: object) -> bool:
        return part == "%s"

    def __mod__(self, variable: object) -> str:
        template = template_being_rendered()
        if template is not None and template.is_relative_to(ROOT):
            raise AssertionError(f"Undefined template variable: {variable} in {template.relative_to(ROOT)}")
        return ""


def says_default(expression: FilterExpression) -> bool:
    return bool(expression.filters) and expression.filters[0][0] is default


def template_being_rendered() -> Path | None:
    """The file of the innermost template node on the stack."""
    frame = sys._getframe()
    while frame := frame.f_back:  # type: ignore[assignment]
        node = frame.f_locals.get("self")
        if isinstance(node, Node) and getattr(node, "origin", None) is not None:
            return Path(node.origin.name)
    return None


def guard_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", Undefined())


# ── A query without an order comes in any order ──────────────────────────────
def shuffle_unordered_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    original = SQLCompiler.execute_sql

    def execute_sql(self: SQLCompiler, result_type: str = MULTI, *args: Any, **kwargs: Any) -> Any:
        query = self.query
        unordered = not (
            query.order_by or query.extra_order_by or (query.default_ordering and query.get_meta().ordering)
        )
        plain = not (query.distinct or query.combinator or query.group_by is not None)
        is_reading = type(self).__name__ == SQLCompiler.__name__  # PostgreSQL has its own, of the same name
        if is_reading and result_type == MULTI and unordered and plain:
            self.query = query.clone()
            self.query.add_ordering("?")
        return original(self, result_type, *args, **kwargs)

    monkeypatch.setattr(SQLCompiler, "execute_sql", execute_sql)


# ── A test's transaction outlives the responses that it closes ───────────────
def keep_connection_in_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """A response that a test closes (a file's) says that the request is over, and Django would drop the connection."""
    original = BaseDatabaseWrapper.close_if_unusable_or_obsolete

    def close_if_unusable_or_obsolete(self: BaseDatabaseWrapper) -> None:
        if not self.in_atomic_block:
            original(self)

    monkeypatch.setattr(BaseDatabaseWrapper, "close_if_unusable_or_obsolete", close_if_unusable_or_obsolete)


# ── Nothing is written outside the test's own folder ─────────────────────────
def own_folders(settings_fixture: Any, folder: Path) -> None:
    settings_fixture.FILES_DIR = folder / "files"
    settings_fixture.MAIL_DIR = folder / "mail"
    settings_fixture.STORAGES = {
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": folder / "files"}},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings_fixture.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(folder)}
    }


# ── A skipped test is a named exception ──────────────────────────────────────
# Test id → why it may be skipped.
MAY_BE_SKIPPED: dict[str, str] = {}


def fail_when_skipped(report: Any) -> None:
    """Turn a skip that nobody named into a failure, with the reason given for it."""
    if report.skipped and not hasattr(report, "wasxfail") and report.nodeid not in MAY_BE_SKIPPED:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} was skipped, and tests/guards.py does not name it: {reason}"
