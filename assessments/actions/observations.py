"""What the experts saw: strengths, gaps and risks."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.actions.writing import Seen, Standing, locked_for_writing
from assessments.models import Observation
from projects.models import MoveNotAllowed, Project, log
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
    observation: Observation,
    *,
    question: Question | None,
    kind: str,
    text: str,
    by: Any,
    language: str,
    seen: Seen | None = None,
) -> None:
    """Raises WrittenMeanwhile when someone else changed it after what was `seen`."""
    locked = locked_for_writing(observation.project)
    row = Observation.objects.select_related("lever", "question", "by").filter(pk=observation.pk).first()
    if row is None:
        raise MoveNotAllowed(_("This observation was removed meanwhile."))
    standing = Standing(row, by=row.by, at=row.at)
    content = {"question": question, "kind": kind, "text": text, "language": language}
    if standing.says(content):
        return
    if standing.gives_way(by=by, seen=seen):
        log(
            locked,
            "observation_replaced",
            by=by,
            for_findings=True,
            name=row.by.name,
            lever=row.lever.code,
            text=row.text,
            text_language=row.language,
        )
    Observation.objects.filter(pk=row.pk).update(by=by, at=timezone.now(), **content)


@transaction.atomic
def remove_observation(observation: Observation, *, by: Any) -> None:
    """Gone: an observation has no number that anything refers to."""
    locked_for_writing(observation.project)
    Observation.objects.filter(pk=observation.pk).delete()
