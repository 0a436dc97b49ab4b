"""Inviting people, joining by link or code, ending access: the actions and the pages."""

import datetime
import re

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from foundation.models import Mail
from projects.actions import team as actions
from projects.events import entries
from projects.models import Function, Invitation, Membership, MoveNotAllowed, Project, ProjectEvent, ProjectStatus
from projects.permissions import Role, StaffRole
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.foundation import JobFactory, MailFactory
from tests.factories.projects import (
    InvitationFactory,
    MembershipFactory,
    ProjectFactory,
    VisitFactory,
    member,
    staff,
)
from toolkit.models import Institution

pytestmark = pytest.mark.django_db
TODAY = datetime.date.today()
GUEST = {
    "name": "Léa Ndiaye",
    "email": "lea@valmara.example",
    "role": "contributor",
    "institution": "regulator",
    "function": "regulator",
    "language": "en",
    "until": "",
}
NEWCOMER = {
    "name": "Léa Ndiaye",
    "email": "lea@valmara.example",
    "language": "fr",
    "time_zone": "Africa/Bangui",
    "password": "a-new-long-password",
}


@pytest.fixture
def project() -> Project:
    return ProjectFactory(time_zone="Africa/Bangui", manager=staff())


@pytest.fixture
def coordinator(project) -> User:
    return member(project, Role.COORDINATOR)


def client_of(client, user: User):
    client.force_login(user)
    return client


def url(name: str, project: Project, *more) -> str:
    return reverse(f"projects:{name}", args=[project.public_id, *more])


def said(response) -> str:
    return response.content.decode()


def kinds(project: Project) -> list[str]:
    return list(project.events.order_by("pk").values_list("kind", flat=True))


def offer(project: Project, by: User, **changes) -> Invitation:
    fields = GUEST | {"until": None} | changes
    return actions.invite(project, by=by, **fields)


# Actions


def test_invitation_queues_a_mail_in_the_language_of_the_invited(project, coordinator, settings):
    settings.SITE_URL = "https://readiness.example"
    invitation = offer(project, coordinator)
    mail = Mail.objects.get()
    country = project.country.name["en"]
    assert (mail.to, mail.language) == ("lea@valmara.example", "en")
    assert mail.subject == f"{country}: invitation to the digital readiness assessment"
    assert f"https://readiness.example/invitations/{invitation.token}/\n" in mail.body
    assert f"{invitation.code[:4]}-{invitation.code[4:]}" in mail.body
    assert (mail.job.task, mail.job.state) == ("foundation.send_mail", "queued")
    assert kinds(project) == ["member_invited"]


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.EXPERT, Role.OBSERVER])
def test_coordinator_brings_in_only_contributors_and_signatories(project, coordinator, role):
    with pytest.raises(PermissionDenied):
        offer(project, coordinator, role=role)
    assert (Invitation.objects.count(), Mail.objects.count()) == (0, 0)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("grant", list(StaffRole))
def test_international_bureau_brings_in_anyone(project, role, grant):
    assert offer(project, staff(grant), role=role).role == role


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.SIGNATORY, Role.EXPERT, Role.OBSERVER])
def test_others_bring_in_nobody(project, role):
    with pytest.raises(PermissionDenied):
        offer(project, member(project, role))


@pytest.mark.parametrize("status", [ProjectStatus.CANCELLED, ProjectStatus.CLOSED])
def test_a_project_that_is_over_takes_nobody(project, coordinator, status):
    project.status, project.reason = status, "The country withdrew"
    project.save()
    with pytest.raises(MoveNotAllowed):
        offer(project, coordinator)


@pytest.mark.parametrize("status", [ProjectStatus.CANCELLED, ProjectStatus.CLOSED])
def test_an_invitation_to_a_project_that_is_over_no_longer_works(client, project, status):
    invitation = InvitationFactory(project=project)
    project.status, project.reason = status, "The country withdrew"
    project.save()
    with pytest.raises(MoveNotAllowed):
        actions.accept_invitation(invitation, by=UserFactory())
    response = client.get(reverse("projects:invitation", args=[invitation.token]))
    assert response.status_code == 410
    assert "The project that it led to is over, and takes nobody any more." in response.content.decode()
    assert not Membership.objects.exists()


def test_ending_a_membership_withdraws_the_invitations_that_the_person_gave(project, coordinator):
    manager = staff(StaffRole.ADMINISTRATOR)
    given, of_another = offer(project, coordinator), offer(project, manager)
    membership = project.memberships.get(user=coordinator)
    with pytest.raises(MoveNotAllowed, match="without a coordinator"):
        actions.end_membership(membership, by=manager)
    actions.end_membership(membership, by=manager, without_coordinator=True)
    assert list(Invitation.objects.open()) == [of_another]
    given.refresh_from_db()
    assert given.withdrawn_by == manager
    assert kinds(project)[-2:] == ["member_left", "invitation_withdrawn"]


def test_accepting_gives_the_place_and_says_so(project):
    invitation, person = InvitationFactory(project=project, until=TODAY), UserFactory()
    membership = actions.accept_invitation(invitation, by=person)
    assert list(Membership.objects.all()) == [membership]
    assert (membership.project, membership.user, membership.role) == (project, person, invitation.role)
    assert (membership.institution, membership.until) == (invitation.institution, TODAY)
    invitation.refresh_from_db()
    assert invitation.accepted_by == person
    assert kinds(project) == ["member_joined"]
    assert list(Project.objects.visible_to(person)) == [project]


@pytest.mark.parametrize("state", ["expired", "withdrawn", "accepted"])
def test_an_invitation_that_is_over_gives_nothing(project, state):
    invitation = InvitationFactory(project=project, **{state: True})
    with pytest.raises(MoveNotAllowed):
        actions.accept_invitation(invitation, by=UserFactory())
    with pytest.raises(MoveNotAllowed):
        actions.join(invitation, **NEWCOMER)
    assert Membership.objects.count() == 0
    assert not User.objects.filter(email=NEWCOMER["email"]).exists()


def test_an_invitation_is_taken_once_by_two_who_opened_it(project):
    first = InvitationFactory(project=project)
    second = Invitation.objects.get(pk=first.pk)
    actions.accept_invitation(first, by=UserFactory())
    with pytest.raises(MoveNotAllowed):
        actions.accept_invitation(second, by=UserFactory())
    assert Membership.objects.count() == 1


def test_access_that_has_ended_meanwhile_is_not_given(project):
    invitation = InvitationFactory(project=project, until=TODAY - datetime.timedelta(days=1))
    with pytest.raises(MoveNotAllowed):
        actions.accept_invitation(invitation, by=UserFactory())


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.SIGNATORY])
def test_nobody_takes_a_place_of_another_institution_beside_their_own(project, coordinator, role):
    invitation = offer(project, coordinator, role=role, institution=Institution.REGULATOR)
    with pytest.raises(MoveNotAllowed, match="another institution"):
        actions.accept_invitation(invitation, by=coordinator)
    assert project.places_of(coordinator).institutions == {"post"}
    invitation.refresh_from_db()
    assert invitation.is_open
    actions.accept_invitation(offer(project, coordinator, role=role, institution=Institution.POST), by=coordinator)
    assert Membership.objects.filter(user=coordinator).count() == 2


def test_a_former_member_has_the_role_again(project):
    former = MembershipFactory(project=project, contributor=True, until=TODAY - datetime.timedelta(days=9))
    invitation = InvitationFactory(project=project, institution=Institution.MINISTRY, function=Function.MINISTRY)
    actions.accept_invitation(invitation, by=former.user)
    membership = Membership.objects.get()
    assert (membership.institution, membership.function, membership.until) == ("ministry", "ministry", None)


def test_renewing_replaces_link_and_code_and_sends_them_again(project, coordinator):
    invitation = InvitationFactory(project=project, expired=True)
    old = (invitation.token, invitation.code)
    actions.renew_invitation(invitation, by=coordinator)
    assert invitation.is_open
    assert {invitation.token, invitation.code}.isdisjoint(old)
    assert invitation.token in Mail.objects.get().body
    assert kinds(project) == ["invitation_renewed"]


def test_what_was_withdrawn_is_not_renewed_and_what_was_accepted_is_not_withdrawn(project, coordinator):
    withdrawn = InvitationFactory(project=project)
    actions.withdraw_invitation(withdrawn, by=coordinator)
    with pytest.raises(MoveNotAllowed):
        actions.renew_invitation(withdrawn, by=coordinator)
    with pytest.raises(MoveNotAllowed):
        actions.withdraw_invitation(InvitationFactory(project=project, accepted=True), by=coordinator)
    assert kinds(project) == ["invitation_withdrawn"]


def test_ending_a_membership_ends_the_access_and_keeps_the_row(project, coordinator):
    membership = MembershipFactory(project=project, contributor=True)
    actions.end_membership(membership, by=coordinator)
    assert list(Project.objects.visible_to(membership.user)) == []
    assert Membership.objects.filter(pk=membership.pk).exists()
    assert kinds(project) == ["member_left"]


def test_coordinator_does_not_end_an_experts_access(project, coordinator):
    membership = MembershipFactory(project=project, expert=True)
    for attempt in (
        lambda: actions.end_membership(membership, by=coordinator),
        lambda: actions.set_until(membership, by=coordinator, until=TODAY),
    ):
        with pytest.raises(PermissionDenied):
            attempt()
    assert kinds(project) == []


def test_every_event_has_its_sentence(project):
    invitation = offer(project, project.manager)
    actions.renew_invitation(invitation, by=project.manager)
    membership = actions.accept_invitation(invitation, by=UserFactory(name="Léa"))
    actions.set_until(membership, by=project.manager, until=TODAY)
    actions.set_until(membership, by=project.manager, until=None)
    actions.end_membership(membership, by=project.manager)
    actions.withdraw_invitation(InvitationFactory(project=project), by=project.manager)
    assert len(entries(ProjectEvent.objects.filter(project=project).select_related("by"))) == 7


# The team page


def test_team_page_shows_people_by_institution(client, project, coordinator):
    MembershipFactory(project=project, regulator=True, user__name="Rose of the Regulator")
    MembershipFactory(project=project, expert=True, user__name="Emma Expert", until=TODAY)
    page = said(client_of(client, coordinator).get(url("team", project)))
    headings = re.findall(r'<h2 id="g-(\w+)"', page)
    assert headings == ["post", "regulator", "other"]
    assert page.index("Rose of the Regulator") < page.index("Emma Expert")


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.CONTRIBUTOR, Role.SIGNATORY, Role.EXPERT])
def test_team_page_is_for_the_team(client, project, role):
    assert client_of(client, member(project, role)).get(url("team", project)).status_code == 200


def test_team_page_is_closed_to_observers_and_unseen_by_strangers(client, project):
    observer = member(project, Role.OBSERVER)
    stranger = member(ProjectFactory(), Role.COORDINATOR)
    assert client_of(client, observer).get(url("team", project)).status_code == 403
    assert client_of(client, stranger).get(url("team", project)).status_code == 404
    assert client_of(client, observer).post(url("team", project)).status_code == 405


def test_team_page_shows_links_only_to_who_may_give_that_role(client, project, coordinator):
    ours = InvitationFactory(project=project)
    experts = InvitationFactory(project=project, role=Role.EXPERT)
    contributor, manager = member(project, Role.CONTRIBUTOR), project.manager
    shown = {
        person: [
            invitation.token
            for invitation in (ours, experts)
            if invitation.token in said(client_of(client, person).get(url("team", project)))
        ]
        for person in (contributor, coordinator, manager)
    }
    assert shown == {contributor: [], coordinator: [ours.token], manager: [ours.token, experts.token]}


def test_team_page_shows_the_code_grouped_and_says_that_no_mail_is_sent(client, project, coordinator, settings):
    invitation = InvitationFactory(project=project, code="ABCD2345")
    page = said(client_of(client, coordinator).get(url("team", project)))
    assert f'value="http://127.0.0.1:8000/invitations/{invitation.token}/"' in page
    assert 'value="ABCD-2345"' in page
    assert "This site does not send e-mails yet" in page
    settings.EMAIL_URL = "smtp://mail.example"
    assert "This site does not send e-mails yet" not in said(client.get(url("team", project)))


def test_team_page_offers_to_renew_what_ran_out(client, project, coordinator):
    invitation = InvitationFactory(project=project, expired=True)
    page = said(client_of(client, coordinator).get(url("team", project)))
    assert "without an answer" in page
    assert invitation.token not in page


def test_team_page_says_when_there_is_nobody_and_no_coordinator(client, project):
    page = said(client_of(client, project.manager).get(url("team", project)))
    assert "Nobody has joined yet" in page
    assert "This project has no national coordinator." in page


def test_team_page_lists_ended_access_for_who_may_give_it_again(client, project, coordinator):
    MembershipFactory(project=project, expert=True, user__name="Emma Expert", until=TODAY - datetime.timedelta(days=1))
    assert "Emma Expert" in said(client_of(client, project.manager).get(url("team", project)))
    assert "Emma Expert" not in said(client_of(client, coordinator).get(url("team", project)))


def test_team_page_takes_as_many_queries_for_three_as_for_one(client, project, coordinator, django_assert_num_queries):
    client_of(client, coordinator)
    InvitationFactory(project=project)
    with CaptureQueriesContext(connection) as with_one:
        client.get(url("team", project))
    MembershipFactory.create_batch(2, project=project, contributor=True)
    InvitationFactory.create_batch(2, project=project)
    with django_assert_num_queries(len(with_one)):
        client.get(url("team", project))


# Inviting


def send(client, project: Project, **changes):
    return client.post(url("invite", project), GUEST | changes)


def test_invite_page_invites_and_returns_to_the_team(client, project, coordinator):
    response = send(client_of(client, coordinator), project, email="LEA@valmara.example")
    assert (response.status_code, response["Location"]) == (302, url("team", project))
    invitation = Invitation.objects.get()
    assert (invitation.name, invitation.email, invitation.role) == ("Léa Ndiaye", "lea@valmara.example", "contributor")
    assert invitation.invited_by == coordinator


def test_invite_page_offers_the_roles_that_the_person_may_give(client, project, coordinator):
    def roles(user: User) -> list[str]:
        return re.findall(r'name="role" value="(\w+)"|value="(\w+)"[^>]*name="role"', said(
            client_of(client, user).get(url("invite", project))
        ))  # fmt: skip

    assert len(roles(coordinator)) == 2
    assert len(roles(project.manager)) == 5


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 151}, "at most 150 characters"),
        ({"name": "a\x00"}, "Null characters are not allowed."),
        ({"email": "lea"}, "Enter a valid email address."),
        ({"role": "expert"}, "Select a valid choice."),
        ({"role": "king"}, "Select a valid choice."),
        ({"institution": "ib"}, "Select a valid choice."),
        ({"function": "x"}, "Select a valid choice."),
        ({"language": "tlh"}, "Select a valid choice."),
        ({"until": "2020-01-01"}, "This day is over."),
        ({"until": "soon"}, "Enter a valid date."),
    ],
)
def test_invite_page_refuses_nonsense_and_keeps_what_was_typed(client, project, coordinator, wrong, why):
    response = send(client_of(client, coordinator), project, **wrong)
    page = said(response)
    assert response.status_code == 200
    assert 'id="errors"' in page
    assert why in page
    assert ("Léa Ndiaye" in page) == ("name" not in wrong)
    assert Invitation.objects.count() == 0


def test_invite_page_is_forbidden_to_who_may_not_and_unseen_by_strangers(client, project):
    for role in (Role.CONTRIBUTOR, Role.SIGNATORY, Role.EXPERT, Role.OBSERVER):
        assert send(client_of(client, member(project, role)), project).status_code == 403
    assert send(client_of(client, UserFactory()), project).status_code == 404
    assert Invitation.objects.count() == 0


def test_experts_access_ends_sixty_days_after_the_visit_unless_said_otherwise(client, project):
    expert = {"role": "expert", "institution": "other", "function": "expert"}
    client_of(client, project.manager)
    assert "no visit is planned yet" in said(send(client, project, **expert))
    VisitFactory(project=project, starts_on=TODAY, ends_on=TODAY + datetime.timedelta(days=3))
    assert send(client, project, **expert).status_code == 302
    assert send(client, project, **expert, name="Other", until=TODAY.isoformat()).status_code == 302
    ends = list(Invitation.objects.order_by("pk").values_list("until", flat=True))
    assert ends == [TODAY + datetime.timedelta(days=63), TODAY]


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ({"role": "coordinator", "institution": "ib"}, "does not include the International Bureau"),
        ({"role": "expert", "institution": "post"}, "An expert comes from"),
    ],
)
def test_role_and_institution_must_agree(client, project, place, why):
    assert why in said(send(client_of(client, project.manager), project, **place))


def test_two_people_may_share_an_address_but_nobody_is_invited_twice(client, project, coordinator):
    client_of(client, coordinator)
    assert send(client, project).status_code == 302
    assert "has an invitation to this role already" in said(send(client, project, name="léa ndiaye"))
    assert send(client, project, name="Paul Ndiaye").status_code == 302
    assert Invitation.objects.count() == 2


def test_renew_and_withdraw_are_posts_for_who_may_give_the_role(client, project, coordinator):
    ours, experts = InvitationFactory(project=project), InvitationFactory(project=project, role=Role.EXPERT)
    for name in ("invitation_renew", "invitation_withdraw"):
        ours_url, experts_url = (url(name, project, invitation.public_id) for invitation in (ours, experts))
        assert client_of(client, coordinator).get(ours_url).status_code == 405
        assert client.post(experts_url).status_code == 403
        assert client.post(url(name, project, project.public_id)).status_code == 404
        assert client_of(client, member(project, Role.CONTRIBUTOR)).post(ours_url).status_code == 403
        assert client_of(client, UserFactory()).post(ours_url).status_code == 404
        assert client_of(client, coordinator).post(ours_url)["Location"] == url("team", project)
    ours.refresh_from_db()
    assert ours.withdrawn_by == coordinator


def test_another_projects_invitation_is_not_found_through_ones_own(client, project, coordinator):
    other = InvitationFactory()
    assert client_of(client, coordinator).post(url("invitation_withdraw", project, other.public_id)).status_code == 404


# Access


def test_until_is_changed_and_can_bring_a_former_member_back(client, project, coordinator):
    membership = MembershipFactory(project=project, contributor=True, until=TODAY - datetime.timedelta(days=1))
    client_of(client, coordinator)
    address = url("membership_until", project, membership.public_id)
    assert client.get(address).status_code == 200
    assert "This day is over." in said(client.post(address, {"until": "2020-01-01"}))
    assert client.post(address, {"until": ""})["Location"] == url("team", project)
    membership.refresh_from_db()
    assert membership.until is None


def test_an_experts_access_always_has_an_end(client, project):
    membership = MembershipFactory(project=project, expert=True, until=TODAY)
    response = client_of(client, project.manager).post(url("membership_until", project, membership.public_id), {})
    assert "This field is required." in said(response)


def test_access_pages_are_for_who_may_give_the_role(client, project, coordinator):
    expert = MembershipFactory(project=project, expert=True, until=TODAY)
    ours = MembershipFactory(project=project, contributor=True)
    for name in ("membership_until", "membership_end"):
        assert client_of(client, coordinator).post(url(name, project, expert.public_id)).status_code == 403
        assert client_of(client, ours.user).post(url(name, project, ours.public_id)).status_code == 403
        assert client_of(client, UserFactory()).post(url(name, project, ours.public_id)).status_code == 404
    assert client_of(client, coordinator).get(url("membership_until", project, expert.public_id)).status_code == 403
    assert client.get(url("membership_end", project, ours.public_id)).status_code == 405


def test_the_last_coordinator_is_not_ended_in_silence(client, project):
    membership = MembershipFactory(project=project)
    client_of(client, project.manager)
    assert "This is the last national coordinator." in said(
        client.get(url("membership_until", project, membership.public_id))
    )
    address = url("membership_end", project, membership.public_id)
    assert "Nothing was changed" in said(client.post(address, follow=True))
    membership.refresh_from_db()
    assert membership.until is None
    assert client.post(address, {"without_coordinator": "on"})["Location"] == url("team", project)
    membership.refresh_from_db()
    assert membership.until == TODAY - datetime.timedelta(days=1)


def test_one_of_two_coordinators_is_ended_without_more_ado(client, project, coordinator):
    membership = MembershipFactory(project=project)
    client_of(client, project.manager).post(url("membership_end", project, membership.public_id))
    assert list(Membership.objects.current().values_list("user", flat=True)) == [coordinator.pk]


# The invitation's own page


def page_of(invitation: Invitation) -> str:
    return reverse("projects:invitation", args=[invitation.token])


def test_invitation_page_greets_a_visitor_in_the_language_of_the_invitation(client, project):
    invitation = InvitationFactory(project=project, language="en", name="Léa Ndiaye")
    page = said(client.get(page_of(invitation), headers={"Accept-Language": "fr"}))
    assert '<html lang="en"' in page
    assert f"Join the team: {project.country.name['en']}" in page
    assert f"{project.manager.name} invites you" in page
    assert 'value="Léa Ndiaye"' in page
    assert '<option value="Africa/Bangui" selected>' in page
    client.cookies["language"] = "fr"
    assert '<html lang="fr"' in said(client.get(page_of(invitation)))


def test_a_new_person_opens_an_account_and_is_in(client, project):
    invitation = InvitationFactory(project=project, email="shared@valmara.example")
    response = client.post(page_of(invitation), NEWCOMER)
    assert (response.status_code, response["Location"]) == (302, project.get_absolute_url())
    person = User.objects.get(email="lea@valmara.example")
    assert client.session["_auth_user_id"] == str(person.pk)
    assert (person.name, person.language, person.time_zone) == ("Léa Ndiaye", "fr", "Africa/Bangui")
    assert person.check_password(NEWCOMER["password"])
    assert [membership.user for membership in project.memberships.all()] == [person]


def test_a_new_person_may_leave_the_time_zone_to_the_project(client, project):
    client.post(page_of(InvitationFactory(project=project)), NEWCOMER | {"time_zone": ""})
    assert User.objects.get(email=NEWCOMER["email"]).time_zone == "Africa/Bangui"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"password": "short"}, "at least 12 characters"),
        ({"password": "qwerty123456"}, "too common"),
        ({"password": "lea@valmara.example"}, "too similar"),
        ({"password": ""}, "This field is required."),
        ({"email": "lea"}, "Enter a valid email address."),
        ({"name": ""}, "This field is required."),
        ({"time_zone": "Mars/Olympus"}, "Select a valid choice."),
        ({"language": "tlh"}, "Select a valid choice."),
    ],
)
def test_opening_an_account_refuses_nonsense_and_keeps_what_was_typed(client, project, wrong, why):
    invitation = InvitationFactory(project=project)
    response = client.post(page_of(invitation), NEWCOMER | wrong)
    page = said(response)
    assert response.status_code == 200
    assert 'id="errors"' in page
    assert why in page
    assert ('value="Léa Ndiaye"' in page) == ("name" not in wrong)
    assert NEWCOMER["password"] not in page
    assert not User.objects.filter(email=NEWCOMER["email"]).exists()
    invitation.refresh_from_db()
    assert invitation.is_open


def test_an_address_with_an_account_must_sign_in_or_be_another(client, project):
    UserFactory(email="lea@valmara.example")
    invitation = InvitationFactory(project=project)
    page = said(client.post(page_of(invitation), NEWCOMER | {"email": "LEA@valmara.example"}))
    assert "An account has this address already." in page
    assert client.post(page_of(invitation), NEWCOMER | {"email": "lea2@valmara.example"}).status_code == 302


def test_a_signed_in_person_accepts_under_their_own_name(client, project):
    invitation, person = InvitationFactory(project=project), UserFactory(name="Paul Ndiaye")
    client_of(client, person)
    page = said(client.get(page_of(invitation)))
    assert "Accept as Paul Ndiaye" in page
    assert 'name="password"' not in page
    response = client.post(reverse("projects:invitation_accept", args=[invitation.token]))
    assert response["Location"] == project.get_absolute_url()
    assert [membership.user for membership in project.memberships.all()] == [person]
    assert client.get(page_of(invitation))["Location"] == project.get_absolute_url()


def test_a_signed_in_person_opens_no_second_account(client, project):
    invitation = InvitationFactory(project=project)
    assert client_of(client, UserFactory()).post(page_of(invitation), NEWCOMER).status_code == 200
    assert not User.objects.filter(email=NEWCOMER["email"]).exists()


def test_signing_in_leads_back_to_the_invitation(client, project):
    invitation, person = InvitationFactory(project=project), UserFactory()
    assert f"/accounts/login/?next={page_of(invitation)}" in said(client.get(page_of(invitation)))
    sent = {"login": person.email, "password": PASSWORD, "next": page_of(invitation)}
    assert client.post("/accounts/login/", sent)["Location"] == page_of(invitation)


@pytest.mark.parametrize(
    ("state", "heading"),
    [
        ("expired", "This invitation has ended"),
        ("withdrawn", "This invitation was withdrawn"),
        ("accepted", "This invitation was used already"),
    ],
)
def test_an_invitation_that_is_over_says_what_to_do(client, project, state, heading):
    invitation = InvitationFactory(project=project, **{state: True})
    for response in (client.get(page_of(invitation)), client.post(page_of(invitation), NEWCOMER)):
        assert response.status_code == 410
        assert f'<h1 id="er" class="mb-3">{heading}</h1>' in said(response)
    assert project.memberships.count() == 0


def test_accepting_is_a_post_of_a_signed_in_person(client, project):
    invitation = InvitationFactory(project=project)
    address = reverse("projects:invitation_accept", args=[invitation.token])
    response = client.post(address, headers={"Referer": f"http://testserver{page_of(invitation)}"})
    assert response["Location"] == f"/accounts/login/?next={page_of(invitation)}"
    assert client_of(client, UserFactory()).get(address).status_code == 405


@pytest.mark.parametrize("token", ["x", "a" * 500, "%00", "a.b"])
def test_a_made_up_link_is_not_found(client, token):
    assert client.get(f"/invitations/{token}/").status_code == 404


# The one-time code


CODE = "/invitations/"


def enter(client, code: str):
    return client.post(CODE, {"code": code})


@pytest.mark.parametrize("typed", ["ABCD2345", "abcd-2345", " AB CD 23 45 "])
def test_a_code_leads_to_its_invitation(client, project, typed):
    invitation = InvitationFactory(project=project, code="ABCD2345")
    assert enter(client, typed)["Location"] == page_of(invitation)


def test_a_wrong_or_old_code_is_refused_and_kept(client, project):
    client.cookies["language"] = "en"
    InvitationFactory(project=project, code="ABCD2345", expired=True)
    for code in ("ABCD2345", "ZZZZ9999"):
        page = said(enter(client, code))
        assert "This code is not valid, or no longer." in page
        assert f'value="{code}"' in page


def test_ten_wrong_codes_an_hour_are_enough(client, project):
    invitation = InvitationFactory(project=project, code="ABCD2345")
    for _try in range(9):
        enter(client, "ZZZZ9999")
    for _try in range(3):
        assert enter(client, invitation.code).status_code == 302
    enter(client, "ZZZZ9999")
    assert enter(client, invitation.code).status_code == 429
    assert client.get(CODE).status_code == 200


def test_expiry_is_two_weeks():
    left = InvitationFactory().expires_at - timezone.now()
    assert datetime.timedelta(days=13, hours=23) < left <= datetime.timedelta(days=14)


# ── Messages that do not arrive ──────────────────────────────────────────────


def refused(to: str) -> None:
    MailFactory(to=to, job=JobFactory(state="failed", problem="mail_refused", finished_at=timezone.now()))


def test_an_invitation_that_could_not_be_delivered_says_so_to_who_may_hand_it_over(client, project, coordinator):
    contributor = member(project, Role.CONTRIBUTOR)
    offer = InvitationFactory(project=project, role=Role.CONTRIBUTOR)
    sentence = f"The message could not be delivered to {offer.email}."
    page = reverse("projects:team", args=[project.public_id])
    assert sentence not in client_of(client, coordinator).get(page).content.decode()
    refused(offer.email)
    assert sentence in client_of(client, coordinator).get(page).content.decode()
    assert sentence not in client_of(client, contributor).get(page).content.decode()


def test_a_member_whom_messages_do_not_reach_is_marked(client, project, coordinator):
    refused(member(project, Role.SIGNATORY).email)
    page = client_of(client, coordinator).get(reverse("projects:team", args=[project.public_id])).content.decode()
    assert page.count("Messages to this address could not be delivered.") == 1


def test_an_administrator_reads_on_the_portfolio_whom_messages_do_not_reach(client, project):
    refused("lea@valmara.example")
    administrator, manager = staff(StaffRole.ADMINISTRATOR), staff()
    assert "lea@valmara.example" in client_of(client, administrator).get("/projects/").content.decode()
    assert "lea@valmara.example" not in client_of(client, manager).get("/projects/").content.decode()
