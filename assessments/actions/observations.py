"""What the experts saw: strengths, gaps and risks."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from assessments.actions.writing import locked_for_writing
from assessments.models import Observation
from projects.models import Project
from toolkit.models import Lever, Question


@transaction.atomic
def add_observation(
    project: Project, *, lever: Lever, question: Question | None, kind: str, text: str, by: Any, language: str
) -> Observation:
    locked = locked_for_writing(project)
    return Observation.objects.create(
        project=locked, lever=lever, question=question, kind=kind, text=text, by=by, language=language
    )


@transaction.atomic
def edit_observation(
    observation: Observation, *, question: Question | None, kind: str, text: str, by: Any, language: str
) -> None:
    locked_for_writing(observation.project)
    Observation.objects.filter(pk=observation.pk).update(
        question=question, kind=kind, text=text, by=by, language=language, at=timezone.now()
    )


@transaction.atomic
def remove_observation(observation: Observation, *, by: Any) -> None:
    """Gone: an observation has no number that anything refers to."""
    locked_for_writing(observation.project)
    Observation.objects.filter(pk=observation.pk).delete()
