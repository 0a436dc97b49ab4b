"""The tabs of a project, for the reader's roles: composition only. `{% project_tabs project as tabs %}`."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext

from projects.models import Project
from projects.permissions import Permission, allows

register = template.Library()


@dataclass(frozen=True)
class Tab:
    name: str
    label: str
    url: str


@register.simple_tag(takes_context=True)
def project_tabs(context: dict[str, Any], project: Project) -> list[Tab]:
    """The pages of this project that the reader may open."""
    user = context["request"].user

    def may(permission: Permission) -> bool:
        return allows(user, permission, project)

    entries = [
        ("overview", gettext("Overview"), "assessments:project_detail", may(Permission.READ_PROJECT)),
        ("team", gettext("Team"), "projects:team", may(Permission.READ_TEAM)),
        ("questionnaire", gettext("Questionnaire"), "assessments:questionnaire", may(Permission.READ_ANSWERS)),
        ("validation", gettext("Validation"), "assessments:validation", may(Permission.READ_FINDINGS)),
        ("strategy", gettext("Strategy"), "assessments:strategy", may(Permission.READ_FINDINGS)),
        ("findings", gettext("Findings"), "assessments:findings", may(Permission.READ_RELEASED)),
        ("deliverables", gettext("Deliverables"), "reports:deliverables", may(Permission.READ_RELEASED)),
        ("history", gettext("History"), "projects:history", may(Permission.READ_TEAM)),
    ]
    return [Tab(name, label, reverse(url, args=[project.public_id])) for name, label, url, shown in entries if shown]
