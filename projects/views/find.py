"""Looking up the project of an address: what a person may not see does not exist."""

import datetime
import uuid
from typing import Any

from django.db.models import Exists, F, Q, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from projects.models import Places, Project, StaffGrant

SHOWN_OF_PROJECT = ("country", "operator", "framework", "manager")  # by the frame of its pages


def find_project(request: HttpRequest, project_id: uuid.UUID) -> Project:
    """The project with what the frame of its pages shows. Raises Http404 where the reader may not see it."""
    return find_row(Project.objects.select_related(*SHOWN_OF_PROJECT), "", request.user, public_id=project_id)


def find_row(rows: QuerySet[Any], way: str, user: Any, **look_up: Any) -> Any:
    """The row whose project the person may see; `way` leads from the row to it ("" for the project itself).

    For a member one query, which tells their roles too: every save begins here. For staff it takes two more.
    Raises Http404 where there is no such row, or the person may not see its project.
    """
    place = f"{way}memberships__"
    is_current = Q(**{f"{place}until__isnull": True}) | Q(**{f"{place}until__gte": datetime.date.today()})
    found = list(
        rows.filter(is_current, **{f"{place}user": user}, **look_up).annotate(
            my_role=F(f"{place}role"), my_institution=F(f"{place}institution"),
            is_staff=Exists(StaffGrant.objects.filter(user=user)),
        )
    )  # fmt: skip
    if not found or found[0].is_staff:
        return get_object_or_404(rows, **{f"{way}pk__in": Project.objects.visible_to(user)}, **look_up)
    user._grants = []
    row = found[0]
    project = row.project if way else row
    roles, institutions = ({getattr(one, name) for one in found} for name in ("my_role", "my_institution"))
    project.know_places_of(user, Places(frozenset(roles), frozenset(institutions)))
    return row
