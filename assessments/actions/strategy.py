"""The review of the strategy text, and the matrix of national and postal aims (step 4)."""

import datetime
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.actions.writing import locked_for_writing
from assessments.models import StrategyAim, StrategyReview
from projects.models import MoveNotAllowed, Project


@dataclass(frozen=True)
class Review:
    """What the experts say of the strategy; fields as in StrategyReview."""

    has_text: bool | None
    language: str
    title: str = ""
    dated_on: datetime.date | None = None
    status: str = ""
    conclusion: str = ""
    findings: str = ""
    outline: str = ""


@transaction.atomic
def save_review(project: Project, review: Review, *, by: Any) -> StrategyReview:
    """Without a text there is no title, date or status: what stood there is emptied."""
    locked = locked_for_writing(project)
    columns = asdict(review)
    if not review.has_text:
        columns |= {"title": "", "dated_on": None, "status": ""}
    saved, _created = StrategyReview.objects.update_or_create(
        project=locked, defaults={**columns, "saved_by": by, "saved_at": timezone.now()}
    )
    return saved


@transaction.atomic
def add_aim(project: Project, *, national_aim: str, postal_aim: str, gap: str, by: Any, language: str) -> StrategyAim:
    return StrategyAim.objects.create(
        project=locked_for_writing(project),
        national_aim=national_aim,
        postal_aim=postal_aim,
        gap=gap,
        saved_by=by,
        language=language,
    )


@transaction.atomic
def edit_aim(aim: StrategyAim, *, national_aim: str, postal_aim: str, gap: str, by: Any, language: str) -> None:
    locked_for_writing(aim.project)
    saved = StrategyAim.objects.filter(pk=aim.pk).update(
        national_aim=national_aim,
        postal_aim=postal_aim,
        gap=gap,
        saved_by=by,
        saved_at=timezone.now(),
        language=language,
    )
    if not saved:
        raise MoveNotAllowed(_("This aim was removed meanwhile."))


@transaction.atomic
def remove_aim(aim: StrategyAim, *, by: Any) -> None:
    locked_for_writing(aim.project)
    StrategyAim.objects.filter(pk=aim.pk).delete()
