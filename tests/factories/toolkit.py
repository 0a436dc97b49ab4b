"""Frameworks for tests: the small one of another domain, and the real one. Each is read and checked once a process."""

from functools import cache
from pathlib import Path
from typing import Any

from toolkit import framework_file
from toolkit.actions import publish
from toolkit.models import FrameworkVersion

TESTS = Path(__file__).resolve().parents[1]
HARBOUR = TESTS / "fixtures/framework/harbour-1.0.yaml"
DRE = TESTS.parent / "fixtures/framework/dre-2026.1.yaml"


@cache
def document(path: Path) -> dict[str, Any]:
    file = framework_file.read(path.read_bytes())
    assert framework_file.check(file) == []
    return framework_file.canonical(file.document)


def published_framework() -> FrameworkVersion:
    """The small framework: two pillars, four levels, weakest links, a question of every kind; loaded when needed."""
    return _published(HARBOUR)


def dre() -> FrameworkVersion:
    """The real framework, whole."""
    return _published(DRE)


def _published(path: Path) -> FrameworkVersion:
    wanted = document(path)
    there = FrameworkVersion.objects.filter(code=wanted["code"], version=wanted["version"]).first()
    return there or publish(wanted).framework
