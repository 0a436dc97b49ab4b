import uuid

from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from foundation import mails
from projects.actions import team as actions
from projects.forms.team import CodeForm, InviteForm, JoinForm, UntilForm
from projects.models import Invitation, Membership, MoveNotAllowed, Project
from projects.permissions import Permission, Role, require
from projects.roles import MAY, require_role, roles_to_invite
from projects.roster import is_last_coordinator, roster
from projects.views.find import find_project

CODE_TRIES = "10/h/ip"  # wrong ones; the right one is free


@require_GET
@never_cache
def team(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    project = find_project(request, project_id)
    require(request.user, Permission.READ_TEAM, project)
    return render(
        request,
        "projects/team.html",
        {
            "project": project,
            "tab": "team",
            "team": roster(project, request.user),
            "roles": [(role.label, may) for role, may in MAY.items()],
        },
    )


@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    project = find_project(request, project_id)
    require(request.user, Permission.INVITE_NATIONAL, project)
    form = InviteForm(_posted(request), project=project, roles=roles_to_invite(request.user, project))
    if not form.is_valid():
        return render(request, "projects/team_invite.html", {"project": project, "tab": "team", "form": form})
    invitation = actions.invite(project, by=request.user, **form.cleaned_data)
    messages.success(request, _invited(invitation))
    return redirect("projects:team", project.public_id)


@require_POST
def invitation_withdraw(request: HttpRequest, project_id: uuid.UUID, invitation_id: uuid.UUID) -> HttpResponse:
    project = find_project(request, project_id)
    require(request.user, Permission.INVITE_NATIONAL, project)
    invitation = get_object_or_404(project.invitations, public_id=invitation_id)
    actions.withdraw_invitation(invitation, by=request.user)
    messages.success(request, _("The invitation of %(name)s is withdrawn.") % {"name": invitation.name})
    return redirect("projects:team", project.public_id)


@require_POST
def invitation_renew(request: HttpRequest, project_id: uuid.UUID, invitation_id: uuid.UUID) -> HttpResponse:
    project = find_project(request, project_id)
    require(request.user, Permission.INVITE_NATIONAL, project)
    invitation = get_object_or_404(project.invitations, public_id=invitation_id)
    actions.renew_invitation(invitation, by=request.user)
    messages.success(request, _invited(invitation))
    return redirect("projects:team", project.public_id)


@require_http_methods(["GET", "POST"])
def membership_until(request: HttpRequest, project_id: uuid.UUID, membership_id: uuid.UUID) -> HttpResponse:
    project = find_project(request, project_id)
    require(request.user, Permission.INVITE_NATIONAL, project)
    membership = get_object_or_404(project.memberships.select_related("user"), public_id=membership_id)
    require_role(request.user, membership.role, project)
    form = UntilForm(_posted(request), membership=membership)
    if not form.is_valid():
        return render(request, "projects/team_member.html", _member_page(project, membership, form))
    actions.set_until(membership, by=request.user, until=form.cleaned_data["until"])
    messages.success(request, _("The access of %(name)s is saved.") % {"name": membership.user.name})
    return redirect("projects:team", project.public_id)


@require_POST
def membership_end(request: HttpRequest, project_id: uuid.UUID, membership_id: uuid.UUID) -> HttpResponse:
    project = find_project(request, project_id)
    require(request.user, Permission.INVITE_NATIONAL, project)
    membership = get_object_or_404(project.memberships.select_related("user"), public_id=membership_id)
    require_role(request.user, membership.role, project)
    try:
        actions.end_membership(membership, by=request.user, without_coordinator="without_coordinator" in request.POST)
    except MoveNotAllowed as refusal:
        messages.error(request, str(refusal))
        return redirect("projects:membership_until", project.public_id, membership.public_id)
    messages.success(request, _("The access of %(name)s has ended.") % {"name": membership.user.name})
    return redirect("projects:team", project.public_id)


@login_not_required
@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_post_parameters("password")
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What is offered, by whom; a visitor opens an account here, a signed-in person accepts (invitation_accept)."""
    offer = get_object_or_404(Invitation.objects.select_related("project__country", "invited_by"), token=token)
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES and not request.user.is_authenticated:
        translation.activate(offer.language)
        request.LANGUAGE_CODE = offer.language
    if request.user.is_authenticated and offer.accepted_by_id == request.user.pk:
        return redirect(offer.project)
    if not offer.is_open:
        return render(request, "projects/invitation_over.html", {"invitation": offer}, status=410)
    form = JoinForm(_posted(request), invitation=offer)
    if request.user.is_authenticated or not form.is_valid():
        return _show_invitation(request, offer, form)
    try:
        person = actions.join(offer, **form.cleaned_data)
    except IntegrityError:
        form.add_error("email", form.taken())
        return _show_invitation(request, offer, form)
    login(request, person)
    return _welcome(request, offer)


@require_POST
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    offer = get_object_or_404(Invitation.objects.select_related("project__country"), token=token)
    actions.accept_invitation(offer, by=request.user)
    return _welcome(request, offer)


@login_not_required
@require_http_methods(["GET", "POST"])
@never_cache
def invitation_code(request: HttpRequest) -> HttpResponse:
    tries = ratelimit.consume(request, app="projects", action="invitation_code", config={"invitation_code": CODE_TRIES})
    if tries is None:
        return ratelimit.respond_429(request)
    form = CodeForm(_posted(request))
    if form.is_valid():
        offer = Invitation.objects.open().filter(code=form.cleaned_data["code"]).first()
        if offer:
            tries.rollback()
            return redirect("projects:invitation", offer.token)
        form.add_error("code", _("This code is not valid, or no longer. Check it, or ask for a new one."))
    return render(request, "projects/invitation_code.html", {"form": form})


def _posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, however empty; None for a page that is only opened."""
    return request.POST if request.method == "POST" else None


def _invited(invitation: Invitation) -> str:
    if mails.are_sent():
        return _("%(name)s is invited. The message is on its way.") % {"name": invitation.name}
    return _("%(name)s is invited. This site does not send e-mails yet: hand over the link or the code below.") % {
        "name": invitation.name
    }


def _member_page(project: Project, membership: Membership, form: UntilForm) -> dict[str, object]:
    return {
        "project": project,
        "tab": "team",
        "form": form,
        "membership": membership,
        "may": MAY[Role(membership.role)],
        "is_last_coordinator": is_last_coordinator(membership),
    }


def _show_invitation(request: HttpRequest, offer: Invitation, form: JoinForm) -> HttpResponse:
    context = {"invitation": offer, "form": form, "may": MAY[Role(offer.role)]}
    return render(request, "projects/invitation.html", context)


def _welcome(request: HttpRequest, offer: Invitation) -> HttpResponse:
    with translation.override(request.user.language):
        messages.success(request, _("Welcome to the team. Here is what is going on."))
    return redirect(offer.project)
