"""Every reply says the strict headers, and no page holds what they forbid: inline scripts, styles, handlers."""

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path, reverse

from tests.access.test_matrix import ACCESS, PUBLIC, arguments
from tests.access.world import World, world
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
READERS = ("coordinator", "expert", "manager", "visitor")
OF_ALL = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
EXPECTED = {
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    **OF_ALL,
}
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"


def fails(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("on purpose")


urlpatterns = [path("fails/", fails, name="fails"), path("", include("readiness.urls"))]
handler500 = "readiness.errors.server_error"


class Inline(HTMLParser):
    """Collects what the policy would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag in {"style", "base", "object", "embed", "iframe", "frame", "applet"}:
            self.found.append(f"<{tag}>")
        if tag == "script" and not (named.get("src") or "").startswith("/static/"):
            self.found.append(f"<script {named}>")
        if tag == "link" and not (named.get("href") or "").startswith("/static/"):
            self.found.append(f"<link {named}>")
        for name, value in attrs:
            spelled = (value or "").strip().lower()
            if name.startswith(("on", "hx-on")) or name in {"style", "srcdoc", "ping"}:
                self.found.append(f"{tag} {name}={value}")
            if name in {"href", "src", "action", "formaction"} and spelled.startswith(
                ("javascript:", "data:", "vbscript:")
            ):
                self.found.append(f"{tag} {name}={value}")


def inline(response: HttpResponse) -> list[str]:
    reader = Inline()
    reader.feed(response.content.decode())
    return reader.found


def policy(response: HttpResponse) -> dict[str, str]:
    parts = [part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";")]
    return {name: " ".join(value) for name, *value in parts}


def require_strict(response: HttpResponse) -> None:
    if response.get("Content-Type") == "application/json":  # no page: nothing runs in it, nothing leads out of it
        assert {name: response.get(name) for name in OF_ALL} == OF_ALL
        assert response["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        return
    assert {name: response.get(name) for name in EXPECTED} == EXPECTED
    assert "camera=()" in response["Permissions-Policy"]
    assert "geolocation=()" in response["Permissions-Policy"]
    if response.get("Content-Disposition", "").startswith("attachment"):
        assert response["Content-Security-Policy"] == SANDBOX
    else:
        assert policy(response) == POLICY
    if response.get("Content-Type", "").startswith("text/html") and not response.streaming:
        assert inline(response) == []


def client_of(here: World, role: str) -> Client:
    client = Client(raise_request_exception=False)
    if role != "visitor":
        client.force_login(here.people[role])
    return client


def public_addresses(here: World) -> Iterator[str]:
    given = {
        "account_reset_password_from_key": ["1", "made-up-key"],
        "projects:invitation": [here.invitation.token],
        "offline": ["fr"],
    }
    for name in sorted(PUBLIC):
        yield reverse(name, args=given.get(name, []))


@pytest.mark.parametrize("released", [False, True], ids=["before release", "released"])
@pytest.mark.parametrize("role", READERS)
def test_every_reply_of_the_matrix_is_strict(role, released):
    here = world(released=released)
    client = client_of(here, role)
    for method, name in ACCESS:
        address = reverse(name.partition(" of ")[0], args=arguments(name, here))
        response = client.generic(method, address, "", "application/x-www-form-urlencoded")
        require_strict(response)
        response.close()
    for address in public_addresses(here):
        require_strict(client.get(address))


def test_refusals_and_errors_are_strict(settings):
    settings.ROOT_URLCONF = "tests.security.test_headers"
    settings.WRITES_PER_MINUTE = 3
    here = world()
    member, visitor = client_of(here, "coordinator"), client_of(here, "visitor")
    forgetful = Client(enforce_csrf_checks=True)
    forgetful.force_login(here.people["expert"])
    replies = {
        "nothing there": (404, member.get("/no-such-page/")),
        "a NUL byte": (404, member.get("/projects/%00/")),
        "not allowed": (403, member.get(reverse("projects:requests"))),
        "no token": (403, forgetful.post("/profile/", {})),
        "wrong method": (405, member.get("/language/")),
        "unknown language": (400, member.post("/language/", {"language": "xx"})),
        "another host": (400, visitor.get("/", headers={"Host": "evil.example"})),
        "too large": (413, visitor.generic("POST", "/accounts/login/", "x", CONTENT_LENGTH="99999999999")),
        "a fault": (500, member.get("/fails/")),
        "a fault, for a script": (500, member.get("/fails/", headers={"Accept": "application/json"})),
        "signed out, for a script": (401, visitor.get("/", headers={"Accept": "application/json"})),
        "too fast": (429, [member.post("/profile/", {}) for _time in range(3)][-1]),
    }
    assert {what: response.status_code for what, (_status, response) in replies.items()} == {
        what: status for what, (status, _response) in replies.items()
    }
    for _status, response in replies.values():
        require_strict(response)


def test_static_files_are_strict_and_of_this_site_only(client, settings):
    settings.WHITENOISE_AUTOREFRESH = True  # reads the folder at each request, as nothing is collected in tests
    settings.WHITENOISE_USE_FINDERS = True
    for file in ("answers.js", "look.css", "icon.svg"):
        response = client.get(f"/static/{file}")
        assert response.status_code == 200
        require_strict(response)
        assert "Access-Control-Allow-Origin" not in response
        response.close()


def test_with_https_everything_is_asked_for_by_https(settings):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 31_536_000
    response = Client().get("/accounts/login/")
    assert (response.status_code, response["Location"]) == (301, "https://testserver/accounts/login/")
    require_strict(response)
    response = Client().get("/accounts/login/", secure=True)
    assert response["Strict-Transport-Security"].startswith("max-age=31536000")


def test_the_check_finds_what_the_policy_refuses():
    page = HttpResponse(
        "<style>a{}</style><script>1</script><script src='https://evil.example/a.js'></script>"
        "<p style='color:red' onclick='x()'><a href=' JavaScript:x()'>a</a>"
    )
    assert len(inline(page)) == 6


def test_a_signed_in_reader_of_any_language_gets_the_same_policy(client):
    for language in ("fr", "en"):
        client.force_login(UserFactory(language=language))
        require_strict(client.get("/projects/"))
