"""Sessions: the key changes at sign-in, ends at sign-out and with the password; cookies are bound to this host."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.projects import InvitationFactory
from tests.servers import ROOT, site_environment

pytestmark = pytest.mark.django_db
NEW = "another-long-password"
ASK = """
import json
import django
django.setup()
from django.conf import settings
from django.test import Client, override_settings
plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # nothing is collected here
client = Client()
with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
    client.get("/accounts/login/", secure=settings.SITE_URL.startswith("https"), SERVER_NAME="localhost")
session = [getattr(settings, f"SESSION_COOKIE_{name}") for name in (
    "NAME", "PATH", "DOMAIN", "SAMESITE", "SECURE", "HTTPONLY")]
cookies = [[name, *[cookie[part] for part in ("path", "domain", "samesite", "secure", "httponly")]]
           for name, cookie in client.cookies.items()]
print(json.dumps([session, cookies]))
"""


@pytest.fixture
def user():
    return UserFactory(email="awa@valmara.example")


def sign_in(client: Client, password: str = PASSWORD):
    return client.post("/accounts/login/", {"login": "awa@valmara.example", "password": password})


def is_signed_in(client: Client) -> bool:
    return client.get("/profile/").status_code == 200


def test_the_key_of_the_session_changes_at_sign_in(client, user):
    session = client.session  # a visitor's, with a key
    session["planted"] = True
    session.save()
    sign_in(client)
    assert client.cookies["session"].value != session.session_key
    assert not Session.objects.filter(session_key=session.session_key).exists()


def test_a_planted_session_is_not_the_one_that_is_signed_in(user):
    victim, attacker = Client(), Client()
    session = attacker.session
    session["language"] = "en"
    session.save()
    attacker.cookies["session"] = victim.cookies["session"] = session.session_key
    sign_in(victim)
    assert is_signed_in(victim)
    assert not is_signed_in(attacker)


def test_an_account_opened_by_invitation_gets_a_new_key_too():
    offer = InvitationFactory(email="new@valmara.example")
    client = Client()
    session = client.session
    session["planted"] = True
    session.save()
    client.post(
        f"/invitations/{offer.token}/",
        {"name": "New Person", "email": "new@valmara.example", "password": PASSWORD, "language": "en"},
    )
    assert is_signed_in(client)
    assert client.cookies["session"].value != session.session_key


def test_signing_out_ends_the_session_itself(client, user):
    sign_in(client)
    kept = client.cookies["session"].value
    client.post("/accounts/logout/")
    assert not Session.objects.filter(session_key=kept).exists()
    thief = Client()
    thief.cookies["session"] = kept
    assert not is_signed_in(thief)


def test_a_new_password_ends_every_other_session(user):
    here, elsewhere = Client(), Client()
    sign_in(here)
    sign_in(elsewhere)
    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)


def test_a_closed_account_is_out_at_once(client, user):
    sign_in(client)
    user.is_active = False
    user.save()
    assert not is_signed_in(client)


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/", "/invitations/"])
def test_pages_with_a_form_for_visitors_are_not_kept(client, path):
    assert "no-store" in client.get(path)["Cache-Control"]


@pytest.mark.parametrize(
    ("address", "session", "csrf", "is_secure"),
    [
        ("https://localhost", "__Host-session", "__Host-csrf", True),
        ("http://127.0.0.1:8000", "session", "csrf", False),
    ],
)
def test_cookies_are_of_this_host_alone_where_there_is_https(tmp_path: Path, address, session, csrf, is_secure):
    """In a process of its own, as the names are settled at the start."""
    environment = site_environment(tmp_path / "var", 8000, SITE_URL=address)
    command = [sys.executable, "-W", "ignore", "-c", ASK]
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    of_session, of_visitor = json.loads(said.splitlines()[-1])
    assert of_session == [session, "/", None, "Lax", is_secure, True]
    assert of_visitor == [[csrf, "/", "", "Lax", is_secure or "", True]]
