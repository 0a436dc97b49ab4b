"""A rich project's frozen content, gathered once, and documents rendered from it once each."""

import datetime
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from django.db import transaction
from django.utils import translation

from foundation import checksums
from reports import content, pdf
from reports.documents import Document, html_of
from tests.factories.reports import rich_project

TAKEN = datetime.datetime(2026, 9, 14, 16, 0, tzinfo=datetime.UTC)
RELEASED = datetime.datetime(2026, 9, 15, 9, 0, tzinfo=datetime.UTC)


@pytest.fixture(scope="session")
def frozen(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The content of the rich project; the database is left as it was."""
    with django_db_blocker.unblock(), transaction.atomic():
        found = content.gather(rich_project())
        transaction.set_rollback(True)
    return found


@pytest.fixture(scope="session")
def compose(frozen: dict[str, Any]) -> Callable[..., Document]:
    """A document of the rich project; its parts are read in the document's language by `rendered`."""

    def make(kind: str, language: str = "en", *, released: bool = False, **changes: Any) -> Document:
        return Document(
            frozen | changes,
            kind=kind,
            language=language,
            version=2,
            sha256=checksums.sha256(checksums.canonical(frozen)),
            taken_at=TAKEN,
            released_at=RELEASED if released else None,
        )

    return make


@pytest.fixture
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture(scope="session")
def rendered(compose: Callable[..., Document]) -> Callable[..., pdf.Printed]:
    """The PDF of a document of the rich project, rendered once a session."""

    @cache
    def render(kind: str, language: str = "en", *, released: bool = False) -> pdf.Printed:
        with translation.override(language):
            document = compose(kind, language, released=released)
            html = html_of(document)
        return pdf.render(html, identifier=b"test")

    return render
