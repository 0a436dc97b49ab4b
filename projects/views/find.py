"""Looking up the project of an address: what a person may not see does not exist."""

import datetime
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

from django.db.models import Exists, F, Q, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from foundation.statements import Statement
from projects.models import Places, Project, StaffGrant

SHOWN_OF_PROJECT = ("country", "operator", "framework", "manager")  # by the frame of its pages


def find_project(request: HttpRequest, project_id: uuid.UUID) -> Project:
    """The project with what the frame of its pages shows. Raises Http404 where the reader may not see it."""
    return find_row(shown_projects, "", request.user, public_id=project_id)


def shown_projects() -> QuerySet[Project]:
    return Project.objects.select_related(*SHOWN_OF_PROJECT)


def find_row(rows: Callable[[], QuerySet[Any]], way: str, user: Any, **look_up: Any) -> Any:
    """The row whose project the person may see; `way` leads from the row to it ("" for the project itself).

    For a member one query, which tells their roles too: every save begins here. For staff it takes two more.
    Raises Http404 where there is no such row, or the person may not see its project.
    """
    found = rows_of_member(rows, way, *look_up)(member=user.pk, today=datetime.date.today(), **look_up)
    if not found or found[0].is_staff:
        return get_object_or_404(rows(), **{f"{way}pk__in": Project.objects.visible_to(user)}, **look_up)
    user._grants = []
    row = found[0]
    project = row.project if way else row
    roles, institutions = ({getattr(one, name) for one in found} for name in ("my_role", "my_institution"))
    project.know_places_of(user, Places(frozenset(roles), frozenset(institutions)))
    return row


@cache
def rows_of_member(rows: Callable[[], QuerySet[Any]], way: str, *names: str) -> Statement:
    """Of these rows the one with the values of those names, once for each role that the member has today."""
    place = f"{way}memberships__"

    def build(member: Any, today: Any, **look_up: Any) -> QuerySet[Any]:
        is_current = Q(**{f"{place}until__isnull": True}) | Q(**{f"{place}until__gte": today})
        return rows().filter(is_current, **{f"{place}user": member}, **look_up).annotate(
            my_role=F(f"{place}role"), my_institution=F(f"{place}institution"),
            is_staff=Exists(StaffGrant.objects.filter(user=member)),
        )  # fmt: skip

    return Statement(build, "member", "today", *names)
