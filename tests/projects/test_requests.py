"""A country's request: recorded, accepted or declined, within the regions of a person's grants."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from projects.actions import requests as actions
from projects.models import CountryRequest, MoveNotAllowed, Region, RequestStatus
from projects.permissions import Role, StaffRole
from tests.factories.projects import CountryFactory, CountryRequestFactory, ProjectFactory, member, staff

pytestmark = pytest.mark.django_db
LIST, NEW = "projects:requests", "projects:request_new"


@pytest.fixture
def ib():
    return staff()


@pytest.fixture
def as_ib(client, ib):
    client.force_login(ib)
    return client


def verb(name: str, asked: CountryRequest) -> str:
    return reverse(f"projects:request_{name}", args=[asked.public_id])


def letter(country, **changes) -> dict:
    return {"country": country.code, "received_on": "2026-03-02", "sender": "Chief executive", "note": ""} | changes


# Actions


def test_request_is_decided_once(ib):
    asked = CountryRequestFactory()
    stale = CountryRequest.objects.get()
    actions.accept_request(asked, by=ib)
    assert (asked.status, asked.decided_by) == (RequestStatus.ACCEPTED, ib)
    with pytest.raises(MoveNotAllowed):
        actions.decline_request(stale, by=ib)
    stale.refresh_from_db()
    assert stale.status == RequestStatus.ACCEPTED


# Pages


def test_request_is_recorded(as_ib, ib):
    country = CountryFactory()
    answer = as_ib.post(reverse(NEW), letter(country, note="By post"))
    assert (answer.status_code, answer["Location"]) == (302, reverse(LIST))
    asked = CountryRequest.objects.get()
    assert (asked.country, asked.received_on, asked.sender, asked.note) == (
        country, datetime.date(2026, 3, 2), "Chief executive", "By post",
    )  # fmt: skip
    assert (asked.status, asked.recorded_by) == (RequestStatus.RECEIVED, ib)


def test_invalid_request_keeps_what_was_typed(as_ib):
    country = CountryFactory()
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    answer = as_ib.post(reverse(NEW), letter(country, received_on=tomorrow.isoformat(), sender="", note="Keep me"))
    page = answer.content.decode()
    assert (answer.status_code, CountryRequest.objects.count()) == (422, 0)
    assert "This date is in the future." in page
    assert set(answer.context["form"].errors) == {"received_on", "sender"}
    assert "Keep me" in page
    assert f'value="{tomorrow.isoformat()}"' in page
    assert f'value="{country.code}" selected' in page


@pytest.mark.parametrize("code", ["", "nowhere", "a\x00b"])
def test_unknown_country_is_refused(as_ib, code):
    CountryFactory()
    answer = as_ib.post(reverse(NEW), letter(CountryFactory()) | {"country": code})
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {"country"})


def test_accepting_leads_to_the_new_project(as_ib):
    asked = CountryRequestFactory()
    answer = as_ib.post(verb("accept", asked))
    assert answer["Location"] == f"{reverse('assessments:project_new')}?request={asked.public_id}"
    asked.refresh_from_db()
    assert asked.status == RequestStatus.ACCEPTED


def test_declining_stays_on_the_list(as_ib):
    asked = CountryRequestFactory()
    assert as_ib.post(verb("decline", asked))["Location"] == reverse(LIST)
    asked.refresh_from_db()
    assert asked.status == RequestStatus.DECLINED


def test_second_click_is_told_and_changes_nothing(as_ib):
    asked = CountryRequestFactory(accepted=True)
    answer = as_ib.post(verb("decline", asked), HTTP_REFERER=f"http://testserver{reverse(LIST)}", follow=True)
    assert "The request was decided meanwhile." in answer.content.decode()
    asked.refresh_from_db()
    assert asked.status == RequestStatus.ACCEPTED


def test_list_shows_what_waits_first_and_links_what_follows(as_ib):
    declined = CountryRequestFactory(status="declined", decided_at=timezone.now(), decided_by=staff())
    with_project = CountryRequestFactory(accepted=True)
    project = ProjectFactory(request=with_project, operator__country=with_project.country)
    accepted = CountryRequestFactory(accepted=True)
    newer = CountryRequestFactory(received_on=datetime.date(2026, 4, 1))
    older = CountryRequestFactory()
    answer = as_ib.get(reverse(LIST))
    page = answer.content.decode()
    assert list(answer.context["page"]) == [older, newer, accepted, with_project, declined]
    assert f"?request={accepted.public_id}" in page
    assert project.get_absolute_url() in page


def test_list_takes_as_many_queries_for_three_as_for_one(as_ib, django_assert_num_queries):
    CountryRequestFactory()
    with CaptureQueriesContext(connection) as with_one:
        as_ib.get(reverse(LIST))
    CountryRequestFactory(accepted=True)
    ProjectFactory(request=CountryRequestFactory(accepted=True))
    with django_assert_num_queries(len(with_one)):
        as_ib.get(reverse(LIST))


def test_empty_list_says_what_to_do(as_ib):
    assert "No request is recorded yet." in as_ib.get(reverse(LIST)).content.decode()


def test_manager_of_a_region_sees_and_records_only_its_countries(client):
    client.force_login(staff(regions=[Region.ARAB]))
    elsewhere = CountryRequestFactory()
    here = CountryRequestFactory(country__region=Region.ARAB)
    assert list(client.get(reverse(LIST)).context["page"]) == [here]
    assert client.post(verb("accept", elsewhere)).status_code == 404
    assert client.post(reverse(NEW), letter(elsewhere.country)).status_code == 422
    assert client.post(reverse(NEW), letter(here.country)).status_code == 302


@pytest.mark.parametrize("role", list(Role))
def test_members_have_no_business_with_requests(client, role):
    asked = CountryRequestFactory()
    client.force_login(member(ProjectFactory(), role))
    pages = [client.get(reverse(LIST)), client.get(reverse(NEW)), client.post(reverse(NEW), letter(asked.country))]
    pages += [client.post(verb("accept", asked)), client.post(verb("decline", asked))]
    assert [page.status_code for page in pages] == [403] * 5


def test_administrators_may_too(client):
    client.force_login(staff(StaffRole.ADMINISTRATOR))
    assert client.get(reverse(LIST)).status_code == 200


def test_wrong_methods_are_refused(as_ib):
    asked = CountryRequestFactory()
    assert as_ib.post(reverse(LIST)).status_code == 405
    assert [as_ib.get(verb(name, asked)).status_code for name in ("accept", "decline")] == [405, 405]
