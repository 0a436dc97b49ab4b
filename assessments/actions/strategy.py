"""The review of the strategy text, and the matrix of national and postal aims (step 4)."""

import datetime
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.actions.writing import Seen, Standing, joined, locked_for_writing
from assessments.models import StrategyAim, StrategyReview
from projects.models import MoveNotAllowed, Project, log


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
def save_review(project: Project, review: Review, *, by: Any, seen: Seen | None = None) -> StrategyReview:
    """Without a text there is no title, date or status: what stood there is emptied.

    Raises WrittenMeanwhile when someone else changed the review after what was `seen`.
    """
    locked = locked_for_writing(project)
    columns = asdict(review)
    if not review.has_text:
        columns |= {"title": "", "dated_on": None, "status": ""}
    row = StrategyReview.objects.select_related("saved_by").filter(project=locked).first()
    if row is not None:
        standing = Standing(row, by=row.saved_by, at=row.saved_at)
        if standing.says(columns):
            return row
        if standing.gives_way(by=by, seen=seen):
            log(
                locked,
                "review_replaced",
                by=by,
                for_findings=True,
                name=row.saved_by.name,
                text=joined(row.title, row.status, row.findings, row.outline),
                text_language=row.language,
            )
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
def edit_aim(
    aim: StrategyAim,
    *,
    national_aim: str,
    postal_aim: str,
    gap: str,
    by: Any,
    language: str,
    seen: Seen | None = None,
) -> None:
    """Raises WrittenMeanwhile when someone else changed it after what was `seen`."""
    locked = locked_for_writing(aim.project)
    row = StrategyAim.objects.select_related("saved_by").filter(pk=aim.pk).first()
    if row is None:
        raise MoveNotAllowed(_("This aim was removed meanwhile."))
    standing = Standing(row, by=row.saved_by, at=row.saved_at)
    content = {"national_aim": national_aim, "postal_aim": postal_aim, "gap": gap, "language": language}
    if standing.says(content):
        return
    if standing.gives_way(by=by, seen=seen):
        log(
            locked,
            "aim_replaced",
            by=by,
            for_findings=True,
            name=row.saved_by.name,
            text=joined(row.national_aim, row.postal_aim, row.gap),
            text_language=row.language,
        )
    StrategyAim.objects.filter(pk=row.pk).update(saved_by=by, saved_at=timezone.now(), **content)


@transaction.atomic
def remove_aim(aim: StrategyAim, *, by: Any) -> None:
    locked_for_writing(aim.project)
    StrategyAim.objects.filter(pk=aim.pk).delete()
