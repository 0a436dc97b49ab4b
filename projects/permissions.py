"""Who may do what: one table, role × permission (DESIGN). Invisible is 404, forbidden is 403."""

import enum
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models import User
    from projects.models import Project


class Role(models.TextChoices):
    """The roles of a project's members."""

    COORDINATOR = "coordinator", _("National coordinator (focal point)")
    CONTRIBUTOR = "contributor", _("Contributor")
    SIGNATORY = "signatory", _("Signatory")
    EXPERT = "expert", _("Expert")
    OBSERVER = "observer", _("Observer")


class StaffRole(models.TextChoices):
    """The roles at the International Bureau."""

    ADMINISTRATOR = "administrator", _("Administrator")
    PROJECT_MANAGER = "project_manager", _("Project manager")


class Permission(enum.Enum):
    READ_PROJECT = "read_project"  # the project page: everyone who may see it
    READ_TEAM = "read_team"  # names and addresses of the team
    READ_ANSWERS = "read_answers"  # the questionnaire and its evidence
    ANSWER = "answer"  # save answers, add evidence
    LEAD_TEAM = "lead_team"  # share the sections out; type answers in for another institution
    SEND_TO_SIGNATORY = "send_to_signatory"
    SIGN = "sign"
    DISCUSS_IN_TEAM = "discuss_in_team"  # read and write what is said within the national team; mark for review
    DISCUSS_TOGETHER = "discuss_together"  # what the team, the experts and the Bureau say to each other
    DISCUSS_AS_EXPERTS = "discuss_as_experts"  # what experts and the Bureau say among themselves
    INVITE_NATIONAL = "invite_national"  # contributors and signatories of the country
    INVITE = "invite"  # anyone, of any role
    READ_FINDINGS = "read_findings"  # validated levels, checklist, observations, drafts, before release
    READ_RELEASED = "read_released"  # the same, once released to the country
    VALIDATE = "validate"  # set validated levels, decide on not applicable, return or accept sections
    RECOMMEND = "recommend"  # observations, recommendations, editorial texts, checklist
    RESPOND = "respond"  # acknowledge a difference or enter a reservation
    REQUEST_REPORT = "request_report"
    RELEASE = "release"
    MANAGE_PROJECT = "manage_project"  # edit, suspend, cancel, close, steps
    MANAGE_PORTFOLIO = "manage_portfolio"  # requests of countries, new projects


P = Permission
NATIONAL = {
    P.READ_PROJECT, P.READ_TEAM, P.READ_ANSWERS, P.READ_RELEASED, P.DISCUSS_IN_TEAM, P.DISCUSS_TOGETHER,
}  # fmt: skip

ROLE_ALLOWS: dict[str, set[Permission]] = {
    Role.COORDINATOR: NATIONAL | {P.ANSWER, P.LEAD_TEAM, P.SEND_TO_SIGNATORY, P.INVITE_NATIONAL, P.RESPOND},
    Role.CONTRIBUTOR: NATIONAL | {P.ANSWER},
    Role.SIGNATORY: NATIONAL | {P.SIGN, P.RESPOND},
    Role.EXPERT: {
        P.READ_PROJECT, P.READ_TEAM, P.READ_ANSWERS, P.READ_FINDINGS, P.READ_RELEASED, P.VALIDATE, P.RECOMMEND,
        P.REQUEST_REPORT, P.DISCUSS_TOGETHER, P.DISCUSS_AS_EXPERTS,
    },
    Role.OBSERVER: {P.READ_PROJECT, P.READ_RELEASED},
    StaffRole.PROJECT_MANAGER: {
        P.READ_PROJECT, P.READ_TEAM, P.READ_ANSWERS, P.READ_FINDINGS, P.READ_RELEASED, P.INVITE, P.INVITE_NATIONAL,
        P.REQUEST_REPORT, P.RECOMMEND, P.RELEASE, P.MANAGE_PROJECT, P.MANAGE_PORTFOLIO,
        P.DISCUSS_TOGETHER, P.DISCUSS_AS_EXPERTS,
    },
    StaffRole.ADMINISTRATOR: set(Permission)
    - {P.ANSWER, P.LEAD_TEAM, P.DISCUSS_IN_TEAM, P.SEND_TO_SIGNATORY, P.SIGN, P.RESPOND, P.VALIDATE},
}  # fmt: skip


def allows(user: "User", permission: Permission, project: "Project") -> bool:
    """Whether one of the person's roles in the project allows it; no role, nothing."""
    return any(permission in ROLE_ALLOWS[role] for role in project.roles_of(user))


def require(user: "User", permission: Permission, project: "Project") -> None:
    if not allows(user, permission, project):
        raise PermissionDenied(permission.value)


def allows_portfolio(user: "User") -> bool:
    """Whether the person may record requests and create projects: IB staff."""
    from projects.models import grants_of

    return any(P.MANAGE_PORTFOLIO in ROLE_ALLOWS[grant.role] for grant in grants_of(user))


def require_portfolio(user: "User") -> None:
    if not allows_portfolio(user):
        raise PermissionDenied(P.MANAGE_PORTFOLIO.value)
