"""What the browser is told so that pages open without a line: the worker, whose a page is, what may be kept."""

import gzip

import pytest
from django.test import Client
from django.urls import reverse

from projects.permissions import Role
from readiness import offline
from tests.factories import assessments as work
from tests.factories.accounts import UserFactory
from tests.factories.projects import MembershipFactory, member, staff

pytestmark = pytest.mark.django_db
KEPT = [("assessments:questionnaire", []), ("assessments:section", ["questionnaire", "A.1"])]


def test_the_worker_asks_nobody_and_is_not_sent_twice(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        first = client.get("/sw.js", headers={"Cookie": "session=somebody", "Accept-Encoding": "gzip"})
        again = client.get("/sw.js", headers={"If-None-Match": first["ETag"]})
    text = gzip.decompress(first.content).decode()
    assert (first["Content-Type"], first["Cache-Control"]) == ("text/javascript; charset=utf-8", "no-cache")
    assert text.startswith('const RELEASE = "0.1.0')
    assert client.get("/sw.js").content.decode() == text
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])


def test_another_release_is_another_worker(client, settings):
    before = client.get("/sw.js")["ETag"]
    offline.script.cache_clear()
    settings.RELEASE = "0.2.0"
    assert client.get("/sw.js", headers={"If-None-Match": before}).status_code == 200
    offline.script.cache_clear()


def test_the_page_without_a_line_is_in_its_own_language_and_nobodys(client):
    client.force_login(UserFactory(language="en", name="Nobody Knows"))
    french = client.get("/offline/fr/").content.decode()
    assert 'lang="fr"' in french
    assert "Il n’y a pas de connexion" in french
    assert "Nobody Knows" not in french
    assert client.get("/offline/de/").status_code == 404


def test_a_page_says_whose_it_is(client):
    assert client.get("/accounts/login/")["X-Reader"] == "nobody"
    user = UserFactory()
    client.force_login(user)
    assert client.get("/profile/")["X-Reader"] == str(user.public_id)
    assert "X-Reader" not in client.get("/health/live")


def test_only_those_who_answer_may_keep_a_page():
    project = work.opened_project()
    both = member(project, Role.CONTRIBUTOR)
    MembershipFactory(project=project, user=both, expert=True)
    people = {
        "coordinator": member(project, Role.COORDINATOR), "contributor": member(project, Role.CONTRIBUTOR),
        "signatory": member(project, Role.SIGNATORY), "expert": member(project, Role.EXPERT),
        "contributor and expert": both, "manager": staff(),
    }  # fmt: skip
    keep = set()
    for name, user in people.items():
        client = Client()
        client.force_login(user)
        pages = [client.get(reverse(view, args=[project.public_id, *rest])) for view, rest in KEPT]
        assert [page.status_code for page in pages] == [200, 200], name
        scripts = ["Shown as it was" in page.content.decode() for page in pages]
        said = [page.get("X-Keep") == "yes" for page in pages]
        assert said == scripts
        keep |= {(name, *said)}
        if name == "expert":
            checklist = reverse(
                "assessments:section",
                args=[
                    project.public_id,
                    work.checklist(project).instrument.code,
                    work.checklist(project).instrument.sections.first().code,
                ],
            )
            assert "X-Keep" not in client.get(checklist)
        assert "X-Keep" not in client.get(reverse("assessments:project_detail", args=[project.public_id]))
    assert keep == {
        (name, name in {"coordinator", "contributor"}, name in {"coordinator", "contributor"}) for name in people
    }


def test_signing_out_empties_the_browsers_cache_but_not_what_is_not_sent(client):
    client.force_login(UserFactory())
    response = client.post("/accounts/logout/")
    assert (response.status_code, response["Clear-Site-Data"]) == (302, '"cache"')
