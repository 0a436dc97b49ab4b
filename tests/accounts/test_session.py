"""Signing in again in place: for scripts, as the person whose page it is and nobody else."""

import pytest
from django.test import Client

from accounts.models import User
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
SESSION = "/session/"


@pytest.fixture
def awa() -> User:
    return UserFactory(email="awa@valmara.example", language="en")


@pytest.fixture
def visitor() -> Client:
    client = Client(enforce_csrf_checks=True)
    client.cookies["language"] = "en"
    return client


def sign_in(client: Client, person: User, *, login: str = "", password: str = PASSWORD):
    token = client.get(SESSION).json()["token"]
    fields = {"person": person.public_id, "login": login or person.email, "password": password}
    return client.post(SESSION, fields, headers={"X-CSRFToken": token})


def test_it_says_who_is_signed_in_and_gives_a_token_that_works(visitor, awa):
    assert visitor.get(SESSION).json()["person"] is None
    visitor.force_login(awa)
    said = visitor.get(SESSION).json()
    assert said["person"] == str(awa.public_id)
    reply = visitor.post("/language/", {"language": "fr"}, headers={"X-CSRFToken": said["token"]})
    assert reply.status_code == 302


def test_the_person_signs_in_again_and_gets_a_new_token(visitor, awa):
    reply = sign_in(visitor, awa)
    assert (reply.status_code, reply.json()["person"]) == (200, str(awa.public_id))
    assert visitor.session["_auth_user_id"] == str(awa.pk)
    token = reply.json()["token"]
    assert visitor.post("/language/", {"language": "fr"}, headers={"X-CSRFToken": token}).status_code == 302


def test_nobody_else_signs_in_there(visitor, awa):
    ben = UserFactory()
    reply = sign_in(visitor, awa, login=ben.email)
    assert (reply.status_code, reply.json()) == (
        422, {"message": "Only the person whose page this is can sign in here."},
    )  # fmt: skip
    assert "_auth_user_id" not in visitor.session
    assert visitor.get(SESSION).json()["person"] is None


def test_who_is_signed_in_is_not_replaced(visitor, awa):
    ben = UserFactory()
    visitor.force_login(ben)
    assert sign_in(visitor, awa).json()["person"] == str(ben.public_id)
    assert visitor.session["_auth_user_id"] == str(ben.pk)


def test_a_wrong_password_and_a_closed_account_are_told(visitor, awa):
    assert sign_in(visitor, awa, password="wrong").json()["message"].startswith("Wrong e-mail address or password.")
    awa.is_active = False
    awa.save()
    assert sign_in(visitor, awa).status_code == 422
    assert visitor.get(SESSION).json()["person"] is None


def test_wrong_tries_are_limited_as_at_sign_in(visitor, awa):
    for _try in range(5):
        sign_in(visitor, awa, password="wrong")
    reply = sign_in(visitor, awa)
    assert (reply.status_code, reply.json()["message"][:20]) == (422, "Too many wrong tries")


def test_without_a_token_nobody_signs_in(visitor, awa):
    fields = {"person": awa.public_id, "login": awa.email, "password": PASSWORD}
    assert visitor.post(SESSION, fields, headers={"Accept": "application/json"}).json() == {"problem": "csrf"}
