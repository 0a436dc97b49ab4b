"""What every request meets, from the encoding it is read in to the page that says why it was refused."""

import gzip

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import reverse

from assessments.models import Comment
from projects.permissions import Role
from readiness.errors import typed
from tests.factories import assessments as work
from tests.factories.accounts import UserFactory
from tests.factories.projects import member

pytestmark = pytest.mark.django_db


@pytest.fixture
def application():
    """The site as the web server calls it; made here, once the folder of static files is there."""
    from readiness.wsgi import application

    return application


@pytest.fixture
def reader():
    """Someone signed in, who reads English."""
    client = Client()
    client.force_login(UserFactory(language="en"))
    return client


# ── What can be read ─────────────────────────────────────────────────────────


@pytest.mark.parametrize("charset", ["base64", "undefined", "utf-7", "unicode_escape", "idna", "utf-16", "utf-8", "no"])
def test_everything_is_read_as_utf_8(application, charset):
    """Through the server's own door: Django reads the charset while it makes the request, before any middleware."""
    environ = RequestFactory().get("/accounts/login/?a=b%C3").environ | {
        "CONTENT_TYPE": f"text/plain; Charset ={charset}"
    }
    said = []
    list(application(environ, lambda status, headers: said.append(status)))
    assert (said, environ["CONTENT_TYPE"]) == (["200 OK"], "text/plain")


def test_too_large_a_text_is_told_so(reader, settings):
    text = {"name": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE}
    response = reader.post("/profile/", text, "application/x-www-form-urlencoded")
    assert response.status_code == 413
    assert "This is too large" in response.content.decode()
    response = reader.post(
        "/profile/", text, "application/x-www-form-urlencoded", headers={"Accept": "application/json"}
    )
    assert (response.status_code, response.json()) == (413, {"problem": "too_large"})


def test_only_a_signed_in_person_sends_files(reader, client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.LARGEST_UPLOAD = 1000, 4000
    form = "multipart/form-data; boundary=x"
    assert client.generic("POST", "/accounts/login/", b"x" * 2000, form).status_code == 413
    assert reader.post("/profile/", {"file": SimpleUploadedFile("a.pdf", b"x" * 2000)}).status_code == 200
    assert reader.generic("POST", "/profile/", b"x" * 5000, form).status_code == 413


def test_an_address_with_a_nul_byte_is_no_page(reader):
    response = reader.get("/projects/%00/")
    assert (response.status_code, "There is no such page" in response.content.decode()) == (404, True)
    project = work.opened_project()
    work.submit(project)
    work.release(project)
    reader.force_login(member(project, Role.COORDINATOR))
    assert reader.get(f"/projects/{project.public_id}/findings/%00/respond/").status_code == 404


# ── Signed in or not ─────────────────────────────────────────────────────────


def test_no_page_of_a_signed_in_person_is_kept(reader):
    for path in ("/projects/", "/profile/", "/no-such-page/"):
        assert "no-store" in reader.get(path)["Cache-Control"]


def test_a_form_sent_when_signed_out_leads_back_to_its_page(client):
    response = client.post("/profile/", headers={"Referer": "http://testserver/profile/?from=here"})
    assert response["Location"] == "/accounts/login/?next=/profile/%3Ffrom%3Dhere"
    for referer, path in (
        ("https://evil.example/a/", "/"),
        ("", "/"),
        ("http://testserver//evil.example", "/evil.example"),
    ):
        response = client.post("/profile/", headers={"Referer": referer})
        assert response["Location"] == f"/accounts/login/?next={path}"


# ── Refusals ─────────────────────────────────────────────────────────────────


def test_a_wrong_method_gets_a_page_in_our_look(reader):
    response = reader.get("/language/")
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "This address is not a page" in response.content.decode()
    response = reader.get("/language/", headers={"Accept": "application/json"})
    assert (response.status_code, response.json()) == (405, {"problem": "wrong_method"})


def test_a_text_that_is_refused_is_shown_to_be_copied():
    project = work.opened_project()
    client = Client()
    client.force_login(member(project, Role.EXPERT))
    work.submit(project)
    work.release(project)
    address = reverse("assessments:aim_add", args=[project.public_id])
    posted = {"national_aim": "Half <b>online</b>\r\nby 2030", "postal_aim": "Électronique", "language": "en"}
    response = client.post(address, posted, headers={"Referer": f"http://testserver{address}"})
    assert response.status_code == 409
    assert response.context["typed"] == ["Half <b>online</b>\r\nby 2030", "Électronique"]
    page = response.content.decode()
    assert "The findings were released to the country and can no longer be changed." in page
    assert "Half &lt;b&gt;online&lt;/b&gt;" in page
    assert f'href="{address}"' in page
    response = client.post(address, posted, headers={"Accept": "application/json"})
    assert (response.status_code, response.json()["problem"]) == (409, "closed")


def test_codes_passwords_and_tokens_are_not_shown_again():
    posted = {
        "csrfmiddlewaretoken": "a b", "password1": "correct horse", "kind": "gap", "dated_on": "2026-05-01",
        "seen:message": "2026-05-01 0f", "text": " Two words ",
    }  # fmt: skip
    assert list(typed(RequestFactory().post("/", posted))) == ["Two words"]
    assert list(typed(RequestFactory().get("/", posted))) == []


def test_a_form_that_can_no_longer_be_opened_does_not_lead_to_itself():
    project = work.opened_project()
    client = Client()
    client.force_login(member(project, Role.EXPERT))
    work.submit(project)
    work.release(project)
    address = reverse("assessments:aim_add", args=[project.public_id])
    findings = reverse("assessments:findings", args=[project.public_id])
    itself, elsewhere = {"Referer": f"http://testserver{address}"}, {"Referer": f"http://testserver{findings}"}
    assert client.post(address, headers=itself)["Location"] == address
    assert client.get(address, headers=itself)["Location"] == "/"
    assert client.get(address, headers=elsewhere)["Location"] == findings


def test_pages_go_compressed_and_documents_as_they_are(reader):
    project = work.opened_project()
    piece = work.EvidenceFactory(sheet=work.national_sheet(project), as_file=True)
    client = Client(headers={"Accept-Encoding": "gzip"})
    client.force_login(member(project, Role.COORDINATOR))
    page = client.get(project.get_absolute_url())
    assert (page["Content-Encoding"], page["Vary"].count("Accept-Encoding")) == ("gzip", 1)
    assert str(project.operator) in gzip.decompress(page.content).decode()
    address = reverse("assessments:evidence_file", args=[project.public_id, "questionnaire", piece.public_id])
    document = client.get(address)
    assert b"".join(document)
    assert not document.has_header("Content-Encoding")
    assert not reader.get(reverse("accounts:profile")).has_header("Content-Encoding")  # who did not ask for it


# ── A form that comes twice ──────────────────────────────────────────────────


FORM = "0b6a3f52-7d0c-4a35-9c38-7f3a3d1c9f11"


@pytest.fixture
def reply():
    """A coordinator who replies in a discussion: posts a text under the id of a form; the texts that were taken."""
    project = work.opened_project()
    user = member(project, Role.COORDINATOR)
    client = Client()
    client.force_login(user)
    address = reverse("assessments:thread_open", args=[project.public_id, "questionnaire", "G-2"])

    def post(text, form=FORM, **headers):
        said = {"audience": "team", "text": text}
        return client.post(address, said, headers={"X-Form": form, "Accept": "application/json"} | headers)

    post.said = lambda: list(Comment.objects.filter(thread__sheet__project=project).values_list("text", flat=True))
    post.client = client
    return post


def test_a_form_that_comes_again_is_taken_once_and_answered_alike(reply):
    first, again = reply("The law is of 2014."), reply("The law is of 2014.")
    assert (first.status_code, again.status_code) == (204, 204)
    assert first["X-Location"] == again["X-Location"]
    assert first["X-Location"].partition("#")[0].endswith("/questions/G-2/")
    assert "Location" not in first
    assert reply.said() == ["The law is of 2014."]
    assert reply("Another one.", form=FORM[:-1] + "2").status_code == 204
    assert len(reply.said()) == 2


def test_a_form_that_was_refused_may_come_again(reply):
    assert reply("").status_code == 422
    assert reply("The law is of 2014.").status_code == 204
    assert reply.said() == ["The law is of 2014."]


def test_one_persons_form_is_not_anothers(reply):
    assert reply("The law is of 2014.").status_code == 204
    reply.client.force_login(UserFactory())
    assert reply("The law is of 2014.").status_code == 404


def test_a_form_under_way_is_not_begun_again(reply):
    user = reply.client.session["_auth_user_id"]
    cache.add(f"form:{user}:{FORM}", "")
    waits = reply("The law is of 2014.")
    assert (waits.status_code, waits["Retry-After"]) == (503, "2")
    assert reply.said() == []


def test_without_an_id_or_with_an_odd_one_a_form_is_a_form(reply):
    for number, odd in enumerate(("", "x", FORM.upper())):
        assert reply(f"Text {number}", form=odd).status_code == 302
    assert len(reply.said()) == 3
