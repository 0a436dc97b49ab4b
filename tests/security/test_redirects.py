"""No address leads a person from this site to another, whatever a link or a form asks for."""

from urllib.parse import parse_qs, quote, urljoin, urlsplit

import pytest
from django.contrib.auth.hashers import make_password
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.factories import assessments as work
from tests.factories.accounts import PASSWORD, UserFactory, hashed_password
from tests.factories.projects import InvitationFactory, MembershipFactory

pytestmark = pytest.mark.django_db
HERE = "http://testserver"
HOSTILE = [
    "//evil.example",
    "///evil.example",
    "////evil.example/..",
    "/\\evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "https://evil.example",
    "HTTPS://evil.example",
    "http://testserver@evil.example/",
    "http://evil.example\\@testserver/",
    "http://testserver.evil.example/",
    "//testserver@evil.example/",
    "/%0d%0aLocation:%20https://evil.example",
    "/\r\nLocation: https://evil.example",
    "/a\r\nSet-Cookie: session=planted",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "\x00//evil.example",
    "/\x00/evil.example",
    "//[::1",
    "http://[evil",
    "/%5cevil.example",
    "/%2f%2fevil.example",
    "//evil%E3%80%82example",
    "/．／evil.example",
    "?next=//evil.example",
    "ftp://evil.example",
    "//xn--e1awd7f.example",
    "/" + "a" * 5000,
]


def as_a_browser_reads(location: str) -> str:
    """Where a browser goes: it drops tabs and line ends, and takes a backslash for a slash."""
    return location.translate({9: None, 10: None, 13: None}).strip().replace("\\", "/")


def stays_here(response) -> bool:
    """Whether the reply leads nowhere, or to a path of this site."""
    assert response.status_code < 500
    assert not any("\r" in value or "\n" in value for value in response.headers.values())
    assert "planted" not in {morsel.value for morsel in response.cookies.values()}
    location = response.get("Location")
    if location is None:
        return True
    return urljoin(f"{HERE}/here/", as_a_browser_reads(location)).startswith(f"{HERE}/")


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    hashed_password()  # kept for all tests, so made as they expect it
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def user():
    return UserFactory(email="awa@valmara.example", password=make_password(PASSWORD))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_sign_in_stays_here(user, hostile):
    form = {"login": user.email, "password": PASSWORD}
    assert stays_here(Client().post("/accounts/login/", {**form, "next": hostile}))
    assert stays_here(Client().post(f"/accounts/login/?next={quote(hostile)}", form))
    client = Client()
    client.force_login(user)
    assert stays_here(client.get(f"/accounts/login/?next={quote(hostile)}"))
    assert stays_here(client.post("/accounts/logout/", {"next": hostile}))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_language_switch_and_the_password_change_stay_here(user, hostile):
    client = Client()
    assert stays_here(client.post("/language/", {"language": "en", "next": hostile}))
    client.force_login(user)
    assert stays_here(client.post("/language/", {"language": "fr", "next": hostile}))
    form = {"oldpassword": PASSWORD, "password1": "another-long-password", "password2": "another-long-password"}
    assert stays_here(client.post("/accounts/password/change/", {**form, "next": hostile}))
    assert stays_here(Client().post("/accounts/password/reset/", {"email": user.email, "next": hostile}))


def test_the_way_back_from_a_refusal_stays_here(user):
    """`Referer` says where one came from: after signing in, and after what is no longer possible."""
    project = work.opened_project()
    MembershipFactory(project=project, user=user, role="coordinator")
    refused = reverse("assessments:sheet_take_back", args=[project.public_id, "questionnaire"])
    signed_in, visitor = Client(), Client()
    signed_in.force_login(user)
    for hostile in [text for text in HOSTILE if not set(text) & {"\r", "\n", "\x00"}]:
        for referer in (hostile, HERE + hostile, f"{HERE}/{hostile}", f"{HERE}\\{hostile}"):
            response = visitor.post("/profile/", headers={"Referer": referer})
            assert response["Location"].startswith("/accounts/login/?next=/")
            wanted = parse_qs(urlsplit(response["Location"]).query)["next"][0]
            assert stays_here(HttpResponse(headers={"Location": wanted}))
            response = signed_in.post(refused, headers={"Referer": referer})
            assert response.status_code == 302
            assert stays_here(response)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_an_invitation_stays_here(hostile):
    offer = InvitationFactory()
    assert stays_here(Client().get(f"/invitations/{offer.token}/?next={quote(hostile)}"))
    assert stays_here(Client().post("/invitations/", {"code": offer.code, "next": hostile}))
    client = Client()
    client.force_login(UserFactory())
    assert stays_here(client.post(f"/invitations/{offer.token}/accept/", {"next": hostile}))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_address_is_itself_a_way_out(client, hostile):
    """`//evil.example` as the path: what adds a slash or asks to sign in repeats it."""
    response = client.generic("GET", "/" + quote(hostile.lstrip("/"), safe="/\\:@"))
    assert stays_here(response) or response["Location"].startswith("/accounts/login/?next=/")


def test_the_reader_of_locations_would_notice():
    for text in ("//evil.example", "/\\evil.example", "/\t/evil.example", "https:evil.example", "javascript:alert(1)"):
        assert not stays_here(HttpResponse(headers={"Location": text}))
