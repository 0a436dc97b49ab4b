"""Bringing people into a project's team, and ending their access."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from projects import notifications
from projects.models import (
    Invitation,
    Membership,
    MoveNotAllowed,
    Project,
    invitation_code,
    invitation_end,
    invitation_token,
    log,
)
from projects.roles import require_role
from projects.roster import is_last_coordinator


@transaction.atomic
def invite(
    project: Project,
    *,
    by: User,
    email: str,
    name: str,
    role: str,
    institution: str,
    function: str,
    language: str,
    until: datetime.date | None,
) -> Invitation:
    """Offer a place in the team; the message with the link and the code is queued with it."""
    require_role(by, role, project)
    if project.is_over:
        raise MoveNotAllowed(_("This project is over. Nobody can be invited any more."))
    invitation = Invitation.objects.create(
        project=project, email=email, name=name, role=role, institution=institution, function=function,
        language=language, until=until, invited_by=by,
    )  # fmt: skip
    notifications.invite(invitation)
    log(project, "member_invited", by=by, name=name, role=role)
    return invitation


@transaction.atomic
def renew_invitation(invitation: Invitation, *, by: User) -> None:
    """A new link and a new code, for another fortnight; the old ones stop working. The message is sent again."""
    require_role(by, invitation.role, invitation.project)
    renewed = Invitation.objects.unanswered().filter(pk=invitation.pk)
    if not renewed.update(token=invitation_token(), code=invitation_code(), expires_at=invitation_end()):
        raise MoveNotAllowed(_("This invitation was answered or withdrawn meanwhile."))
    invitation.refresh_from_db()
    notifications.invite(invitation)
    log(invitation.project, "invitation_renewed", by=by, name=invitation.name, role=invitation.role)


@transaction.atomic
def withdraw_invitation(invitation: Invitation, *, by: User) -> None:
    require_role(by, invitation.role, invitation.project)
    _withdraw(invitation, by)


def _withdraw(invitation: Invitation, by: User) -> None:
    withdrawn = Invitation.objects.unanswered().filter(pk=invitation.pk)
    if not withdrawn.update(withdrawn_at=timezone.now(), withdrawn_by=by):
        raise MoveNotAllowed(_("This invitation was answered or withdrawn meanwhile."))
    log(invitation.project, "invitation_withdrawn", by=by, name=invitation.name, role=invitation.role)


@transaction.atomic
def accept_invitation(invitation: Invitation, *, by: User) -> Membership:
    """Take the place; of two who open the same link, the database chooses one.

    A person who had this role before has it again, as this invitation says. Nobody stands for two institutions in a
    project: each reads its own confidential answers.
    """
    if invitation.until and invitation.until < datetime.date.today():
        raise MoveNotAllowed(_("The access that this invitation offers has already ended. Ask for another one."))
    Project.objects.select_for_update().get(pk=invitation.project_id)  # one place at a time: the next line holds
    if (
        Membership.objects.current()
        .filter(project=invitation.project, user=by)
        .exclude(institution=invitation.institution)
    ):
        raise MoveNotAllowed(
            _("You stand for another institution in this project. Someone of the invited institution has to accept.")
        )
    if not Invitation.objects.open().filter(pk=invitation.pk).update(accepted_at=timezone.now(), accepted_by=by):
        raise MoveNotAllowed(_("This invitation was answered or withdrawn meanwhile. Ask for another one."))
    membership, _created = Membership.objects.update_or_create(
        project=invitation.project,
        user=by,
        role=invitation.role,
        defaults={
            "institution": invitation.institution, "function": invitation.function, "until": invitation.until,
        },
    )  # fmt: skip
    log(invitation.project, "member_joined", by=by, role=invitation.role)
    return membership


@transaction.atomic
def join(invitation: Invitation, *, name: str, email: str, language: str, time_zone: str, password: str) -> User:
    """Open an account for a new person and take the place with it. IntegrityError: the address has an account."""
    person = User.objects.create_user(email, password, name=name, language=language, time_zone=time_zone)
    accept_invitation(invitation, by=person)
    return person


@transaction.atomic
def end_membership(membership: Membership, *, by: User, without_coordinator: bool = False) -> None:
    """End the person's access now; the row stays, so that the history can name the role.

    The last coordinator's access ends only where it was said that the project may be without one.
    Invitations that they gave and nobody answered yet are withdrawn: they know the links and codes.
    """
    require_role(by, membership.role, membership.project)
    Project.objects.select_for_update().get(pk=membership.project_id)  # of two who end two coordinators, one waits
    if is_last_coordinator(membership) and not without_coordinator:
        raise MoveNotAllowed(_("Nothing was changed: say first that the project may be without a coordinator."))
    _set_until(membership, datetime.date.today() - datetime.timedelta(days=1))
    log(membership.project, "member_left", by=by, name=membership.user.name, role=membership.role)
    for invitation in membership.project.invitations.unanswered().filter(invited_by=membership.user).order_by("pk"):
        _withdraw(invitation, by)


@transaction.atomic
def set_until(membership: Membership, *, by: User, until: datetime.date | None) -> None:
    """Change the last day of access; None: no end."""
    require_role(by, membership.role, membership.project)
    _set_until(membership, until)
    log(
        membership.project, "member_until_set", by=by, name=membership.user.name, role=membership.role,
        until=until.isoformat() if until else "",
    )  # fmt: skip


def _set_until(membership: Membership, until: datetime.date | None) -> None:
    membership.until = until
    membership.save(update_fields=["until"])
