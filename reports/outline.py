"""Reading the deliverables of a project as one person may see them, in one query."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from foundation.models import JobState
from projects.models import Project
from reports.models import Deliverable, Report, languages_of


@dataclass(frozen=True)
class Shelf:
    """A kind in one language: its latest version, and the earlier ones that can still be read."""

    kind: Deliverable
    language: str
    latest: Report | None
    earlier: Sequence[Report]

    @property
    def language_name(self) -> str:
        """In the language itself."""
        return str(dict(settings.LANGUAGES)[self.language])

    @property
    def is_in_the_making(self) -> bool:
        return self.latest is not None and self.latest.job.state in {JobState.QUEUED, JobState.RUNNING}


@dataclass(frozen=True)
class Shelves:
    kind: Deliverable
    number: int
    shelves: Sequence[Shelf]


def shelves(project: Project, user: Any) -> list[Shelves]:
    """Every kind in every language, with the reader's versions newest first."""
    versions: dict[tuple[str, str], list[Report]] = {}
    visible = Report.objects.visible_to(user, project).select_related("job", "file", "project__country", "snapshot")
    for report in visible.order_by("-version"):
        versions.setdefault((report.kind, report.language), []).append(report)
    languages = languages_of(project.framework)
    return [
        Shelves(kind, number, [_shelf(kind, language, versions.get((kind, language), [])) for language in languages])
        for number, kind in enumerate(Deliverable, 1)
    ]


def _shelf(kind: Deliverable, language: str, reports: list[Report]) -> Shelf:
    return Shelf(kind, language, reports[0] if reports else None, reports[1:])
