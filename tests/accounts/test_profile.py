"""The profile, and the language of the pages."""

import pytest
import time_machine

from accounts.models import User
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return UserFactory(name="Awa Diallo", language="en", time_zone="Africa/Bangui")


def save(client, **changes: str):
    sent = {"name": "Awa Diallo", "language": "en", "time_zone": "Africa/Bangui"} | changes
    return client.post("/profile/", sent)


@time_machine.travel("2026-05-12 12:02:00+00:00", tick=False)
def test_profile_shows_the_time_in_the_persons_zone(client, user):
    client.force_login(user)
    assert "In Africa/Bangui it is now 13:02." in client.get("/profile/").content.decode()


def test_profile_is_saved(client, user):
    client.force_login(user)
    response = save(client, name="Awa Diallo-Ba", language="fr", time_zone="Pacific/Apia")
    assert (response.status_code, response["Location"]) == (302, "/profile/")
    user.refresh_from_db()
    assert (user.name, user.language, user.time_zone) == ("Awa Diallo-Ba", "fr", "Pacific/Apia")
    assert '<html lang="fr"' in client.get("/profile/").content.decode()


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"name": "x" * 151}, {"name": "a\x00b"}, {"language": "tlh"}, {"time_zone": "Mars/Olympus"}],
)
def test_profile_refuses_nonsense_and_keeps_what_was_typed(client, user, wrong):
    client.force_login(user)
    response = save(client, **({"name": "Typed Name"} | wrong))
    page = response.content.decode()
    assert response.status_code == 200
    assert 'id="errors"' in page
    assert f'value="{wrong.get("name", "Typed Name")}"' in page or wrong == {"name": ""}
    user.refresh_from_db()
    assert (user.name, user.language, user.time_zone) == ("Awa Diallo", "en", "Africa/Bangui")


def test_profile_of_a_visitor_asks_to_sign_in(client):
    assert client.post("/profile/").status_code == 302


def test_a_zone_outside_the_list_stays_the_persons_own(client, user):
    User.objects.update(time_zone="Etc/GMT+3")
    client.force_login(user)
    assert '<option value="Etc/GMT+3" selected>' in client.get("/profile/").content.decode()


# Language


def choose(client, language: str = "fr", to: str = "/accounts/login/"):
    return client.post("/language/", {"language": language, "next": to})


def test_language_of_a_visitor_is_a_cookie(client):
    response = choose(client)
    assert (response.status_code, response["Location"]) == (302, "/accounts/login/")
    cookie = response.cookies["language"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("fr", True, "Lax")
    assert '<html lang="fr"' in client.get("/accounts/login/").content.decode()
    choose(client, "en")
    assert '<html lang="en"' in client.get("/accounts/login/").content.decode()


def test_language_of_a_signed_in_person_is_their_profiles(client, user):
    client.force_login(user)
    choose(client, "fr", "/profile/")
    user.refresh_from_db()
    assert user.language == "fr"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "profile"]
)
def test_language_switch_leads_to_no_other_site(client, elsewhere):
    assert choose(client, to=elsewhere)["Location"] == "/"


def test_language_switch_keeps_the_query(client):
    assert choose(client, to="/projects/?page=2&q=a%20b")["Location"] == "/projects/?page=2&q=a%20b"


def test_an_unknown_language_is_a_bad_request(client):
    assert choose(client, "tlh").status_code == 400


def test_language_switch_is_a_post(client):
    assert client.get("/language/").status_code == 405
