"""The guards of tests/guards.py do guard."""

import socket
import warnings

import pytest
from django.db import connection
from django.template import engines
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path, reverse

from accounts.models import User
from tests import guards
from tests.factories.accounts import UserFactory


def writing_page(request):
    User.objects.create_user("written@valmara.example", name="Written")


urlpatterns = [path("writing/", writing_page)]


@pytest.mark.django_db
@pytest.mark.urls(__name__)
@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_a_read_that_writes_fails(method, settings):
    settings.MIDDLEWARE = []
    with pytest.raises(AssertionError, match="A GET request must not write: INSERT INTO"):
        getattr(Client(), method)("/writing/")


@pytest.mark.django_db
def test_sessions_may_be_written_by_a_read(client):
    client.force_login(UserFactory())
    assert client.get(reverse("accounts:profile")).status_code == 200


def rendered(name: str, text: str) -> str:
    """A template's text, as if it stood in that file."""
    template = engines["django"].from_string(text)
    for node in template.template.nodelist:
        node.origin.name = name
    return template.render({"known": "x"})


def test_an_undefined_variable_in_our_templates_fails():
    with pytest.raises(AssertionError, match=r"Undefined template variable: nobody.name in templates/page.html"):
        rendered(str(guards.ROOT / "templates" / "page.html"), "{{ known }} {{ nobody.name }}")


def test_a_default_may_stand_for_an_undefined_variable():
    ours = str(guards.ROOT / "templates" / "page.html")
    assert rendered(ours, "{{ nobody.name|default:'–' }}{{ nobody|default:''|upper }}") == "–"


def test_an_undefined_variable_in_a_librarys_template_is_its_own_affair():
    assert rendered("/usr/lib/elsewhere/page.html", "{{ known }}{{ nobody.name }}") == "x"


@pytest.mark.django_db
def test_a_query_without_order_comes_in_any_order():
    UserFactory.create_batch(12)
    with CaptureQueriesContext(connection) as queries:
        orders = {tuple(User.objects.order_by().values_list("pk", flat=True)) for _ in range(20)}
    assert len(orders) > 1, queries.captured_queries[-1]["sql"]
    assert len({tuple(User.objects.values_list("pk", flat=True)) for _ in range(20)}) == 1


def test_the_network_is_out_of_reach():
    with socket.socket() as outside, pytest.raises(Exception, match=r"allowed|blocked"):
        outside.connect(("192.0.2.1", 80))


def test_a_warning_is_an_error():
    with pytest.raises(DeprecationWarning):
        warnings.warn("old", DeprecationWarning, stacklevel=1)


class Report:
    nodeid, outcome, longrepr, skipped = "tests/some.py::test", "skipped", ("some.py", 1, "no chromium"), True


def test_a_skip_that_nobody_named_fails():
    report = Report()
    guards.fail_when_skipped(report)
    assert report.outcome == "failed"
    assert report.longrepr == "tests/some.py::test was skipped, and tests/guards.py does not name it: no chromium"


def test_a_named_skip_stays_one(monkeypatch):
    monkeypatch.setitem(guards.MAY_BE_SKIPPED, Report.nodeid, "why")
    report = Report()
    guards.fail_when_skipped(report)
    assert report.outcome == "skipped"


def test_this_database_is_not_the_operators():
    name = str(connection.settings_dict["NAME"])
    assert "memory" in name or name.startswith("test_")
