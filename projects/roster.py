"""Who is in a project's team, and who is invited, as the team page shows them."""

from dataclasses import dataclass
from itertools import groupby

from django.utils.functional import Promise

from accounts.models import User
from foundation import mails
from projects.models import Invitation, Membership, Project
from projects.permissions import ROLE_ALLOWS, Permission, Role
from projects.roles import MAY, roles_to_invite
from toolkit.models import Institution


@dataclass(frozen=True)
class Member:
    membership: Membership
    may: Promise  # what the role may do, in a sentence
    can_change: bool  # by the person who looks


@dataclass(frozen=True)
class Group:
    institution: Institution
    members: list[Member]


@dataclass(frozen=True)
class Roster:
    groups: list[Group]
    ended: list[Member]  # whose access is over; only for who may give it again
    offers: list[Invitation]  # not yet answered; only for who may invite to that role
    can_invite: bool
    has_coordinator: bool
    undelivered: frozenset[str]  # addresses that messages do not reach; only for who may invite


def roster(project: Project, user: User) -> Roster:
    """Few queries, however large the team. A link opens the place it offers: shown only to who may give that role."""
    roles = roles_to_invite(user, project)
    members = [
        Member(membership, MAY[Role(membership.role)], Role(membership.role) in roles)
        for membership in project.memberships.select_related("user").order_by("pk")
    ]
    current = [member for member in members if member.membership.is_current]
    ended = [member for member in members if not member.membership.is_current and member.can_change]
    offers = list(project.invitations.unanswered().filter(role__in=roles).select_related("invited_by"))
    addresses = [*(offer.email for offer in offers), *(member.membership.user.email for member in current)]
    return Roster(
        groups=_by_institution(current),
        ended=ended,
        offers=offers,
        can_invite=bool(roles),
        has_coordinator=any(member.membership.role == Role.COORDINATOR for member in current),
        undelivered=frozenset(mails.undelivered_to(addresses) if roles else ()),
    )


def is_last_coordinator(membership: Membership) -> bool:
    coordinators = Membership.objects.current().filter(project=membership.project, role=Role.COORDINATOR)
    return list(coordinators.values_list("pk", flat=True)) == [membership.pk]


def _by_institution(members: list[Member]) -> list[Group]:
    places, roles = list(Institution), list(Role)
    ordered = sorted(
        members, key=lambda member: (places.index(member.membership.institution), roles.index(member.membership.role))
    )
    return [
        Group(Institution(institution), list(group))
        for institution, group in groupby(ordered, key=lambda member: member.membership.institution)
    ]


ANSWERING = [role for role in Role if Permission.ANSWER in ROLE_ALLOWS[role]]


def answering_members(project: Project) -> list[Membership]:
    """Who may answer for the country today, each person once, by name."""
    members = Membership.objects.current().filter(project=project, role__in=ANSWERING).exclude(institution="ib")
    by_person = {member.user_id: member for member in members.select_related("user").order_by("-pk")}
    return sorted(by_person.values(), key=lambda member: (member.user.name, member.pk))


def invited_to_answer(project: Project) -> list[Invitation]:
    """Who may answer once they have accepted, by name."""
    offers = project.invitations.open().filter(role__in=ANSWERING).exclude(institution="ib")
    return list(offers.order_by("name", "pk"))
