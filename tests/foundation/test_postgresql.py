"""A connection that was kept from the request before is known to be dead without asking the server each time."""

import pytest
from django.db import connection
from django.db.utils import OperationalError, ProgrammingError

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


@pytest.fixture
def kept():
    """A connection of its own, as a thread of the web process has it between two requests."""
    other = connection.copy()
    other.ensure_connection()
    yield other
    other.close()


def thrown_out(number):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [number])
        assert cursor.fetchone() == (True,)


def test_a_living_connection_is_not_asked(kept, monkeypatch):
    asked = []
    monkeypatch.setattr(type(kept).__mro__[1], "is_usable", lambda self: asked.append(self) or True)
    assert kept.is_usable()
    assert asked == []


def test_a_connection_whose_server_hung_up_is_not_usable(kept):
    thrown_out(kept.connection.info.backend_pid)
    assert not kept.is_usable()


def test_a_closed_connection_is_not_usable(kept):
    kept.connection.close()
    assert not kept.is_usable()


def test_a_connection_in_a_failed_transaction_is_not_usable(kept):
    kept.set_autocommit(False)
    with pytest.raises(ProgrammingError), kept.cursor() as cursor:
        cursor.execute("SELECT nothing")
    assert not kept.is_usable()


def test_a_dead_connection_is_replaced_when_the_next_request_begins(kept):
    kept.settings_dict = {**kept.settings_dict, "CONN_HEALTH_CHECKS": True}
    kept.close()
    kept.ensure_connection()
    number = kept.connection.info.backend_pid
    thrown_out(number)
    kept.close_if_unusable_or_obsolete()  # what Django does at the start of a request
    with kept.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone()[0] != number


def test_without_it_the_request_would_fail(kept):
    """That the test above sees what it says."""
    thrown_out(kept.connection.info.backend_pid)
    with pytest.raises(OperationalError), kept.cursor() as cursor:
        cursor.execute("SELECT 1")
