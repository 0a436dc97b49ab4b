"""Persons met and documents consulted, as the reports list them."""

import datetime
from typing import Any

from django.db import transaction

from assessments.actions.writing import locked_for_writing
from assessments.models import Source
from projects.models import Project


@transaction.atomic
def add_source(
    project: Project, *, kind: str, title: str, detail: str, dated_on: datetime.date | None, by: Any, language: str
) -> Source:
    return Source.objects.create(
        project=locked_for_writing(project),
        kind=kind,
        title=title,
        detail=detail,
        dated_on=dated_on,
        saved_by=by,
        language=language,
    )


@transaction.atomic
def remove_source(source: Source, *, by: Any) -> None:
    locked_for_writing(source.project)
    Source.objects.filter(pk=source.pk).delete()
