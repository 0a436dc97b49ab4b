"""The roles in words: what each may do, and who may bring whom into a team."""

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from projects.permissions import Permission, Role, allows

if TYPE_CHECKING:
    from accounts.models import User
    from projects.models import Project

MAY = {
    Role.COORDINATOR: _(
        "Answers the questionnaire, brings contributors and signatories into the team, and sends the answers to the "
        "signatory."
    ),
    Role.CONTRIBUTOR: _("Answers the questionnaire and adds evidence."),
    Role.SIGNATORY: _("Reads all the answers and signs them for the institution."),
    Role.EXPERT: _("Reads the answers, sets the validated levels and writes recommendations, until a date."),
    Role.OBSERVER: _("Reads what the International Bureau has released, and nothing else."),
}
BY_COORDINATORS = (Role.CONTRIBUTOR, Role.SIGNATORY)


def roles_to_invite(user: "User", project: "Project") -> tuple[Role, ...]:
    """The roles that the person may give, and take away again, in this project."""
    if allows(user, Permission.INVITE, project):
        return tuple(Role)
    return BY_COORDINATORS if allows(user, Permission.INVITE_NATIONAL, project) else ()


def require_role(user: "User", role: str, project: "Project") -> None:
    """The person may give this role, and take it away."""
    if Role(role) not in roles_to_invite(user, project):
        raise PermissionDenied(role)
