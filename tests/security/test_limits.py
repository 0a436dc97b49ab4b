"""How fast a person may write and how much a project may store; and that a dead cache stops nobody."""

import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import time_machine
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from assessments.models import AnswerRevision, Evidence
from foundation import caches as forgiving
from foundation import limits
from foundation.models import StoredFile
from projects.permissions import Role
from tests import servers
from tests.factories import assessments as work
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.projects import member

pytestmark = pytest.mark.django_db
ENOUGH = 5
JSON = {"Accept": "application/json"}


@pytest.fixture
def project():
    return work.opened_project()


@pytest.fixture
def coordinator(project):
    client = Client()
    client.force_login(member(project, Role.COORDINATOR))
    return client


def save(client: Client, project, code: str = "G-1"):
    address = reverse("assessments:answer_save", args=[project.public_id, "questionnaire", code])
    form = {f"{code}:value": "12", f"{code}:base": "0", f"{code}:save_id": str(uuid.uuid4())}
    return client.post(address, form, headers=JSON)


def add_file(client: Client, project, *contents: bytes, code: str = "G-1"):
    address = reverse("assessments:evidence_add", args=[project.public_id, "questionnaire", code])
    files = [SimpleUploadedFile(f"law{number}.txt", content) for number, content in enumerate(contents)]
    return client.post(address, {f"{code}:file": files})


def stored_files(settings) -> list[Path]:
    return sorted(path for path in Path(settings.FILES_DIR).rglob("*") if path.is_file())


# ── Writes ───────────────────────────────────────────────────────────────────


def test_above_the_limit_a_save_is_told_when_to_come_again(project, coordinator, settings, time_machine_at_noon):
    settings.WRITES_PER_MINUTE = ENOUGH
    assert [save(coordinator, project).status_code for _time in range(ENOUGH)] == [200] * ENOUGH
    kept = AnswerRevision.objects.count()
    response = save(coordinator, project)
    assert (response.status_code, response.json(), response["Retry-After"]) == (429, {"problem": "too_fast"}, "50")
    assert AnswerRevision.objects.count() == kept
    time_machine_at_noon.shift(50)
    assert save(coordinator, project).status_code == 200


@pytest.fixture
def time_machine_at_noon():
    with time_machine.travel("2026-11-23T12:00:10Z", tick=False) as clock:
        yield clock


def test_the_limit_is_of_one_person_and_of_writing_only(project, coordinator, settings):
    settings.WRITES_PER_MINUTE = 1
    other = Client()
    other.force_login(member(project, Role.CONTRIBUTOR))
    for client in (coordinator, other):
        assert save(client, project).status_code == 200
        assert save(client, project).status_code == 429
        assert client.get(f"/projects/{project.public_id}/questionnaire/").status_code == 200


def test_a_form_sent_too_fast_gives_its_text_back(settings):
    settings.WRITES_PER_MINUTE = 1
    client = Client()
    client.force_login(UserFactory(language="en"))
    client.post("/profile/", {})
    page = client.post("/profile/", {"name": "Awa <b>Diallo</b>"}).content.decode()
    assert "Too much at once" in page
    assert "Awa &lt;b&gt;Diallo&lt;/b&gt;" in page


def test_visitors_have_limits_of_their_own_only(client, settings):
    settings.WRITES_PER_MINUTE = 1
    assert [client.post("/language/", {"language": "en"}).status_code for _time in range(3)] == [302] * 3


# ── Sign-in: an office behind one address ────────────────────────────────────


def test_one_account_that_is_closed_for_a_while_locks_nobody_else_of_its_office_out():
    typist, colleague = UserFactory(), UserFactory()
    client = Client()
    for _try in range(10):  # half of them refused unread
        client.post("/accounts/login/", {"login": typist.email, "password": "wrong"})
    client.post("/accounts/login/", {"login": colleague.email, "password": "a-long-enough-password"})
    assert client.get("/profile/").status_code == 200


def test_an_account_is_closed_for_a_while_from_every_address():
    user = UserFactory()
    for number in range(5):
        Client(REMOTE_ADDR=f"192.0.2.{number}").post("/accounts/login/", {"login": user.email, "password": "wrong"})
    client = Client(REMOTE_ADDR="192.0.2.99")
    client.post("/accounts/login/", {"login": user.email, "password": "a-long-enough-password"})
    assert client.get("/profile/").status_code == 302


def signs_in(user, address: str, password: str = PASSWORD) -> bool:
    client = Client(REMOTE_ADDR=address)
    client.post("/accounts/login/", {"login": user.email, "password": password})
    return client.get("/profile/").status_code == 200


def test_many_wrong_passwords_from_one_address_stop_its_sign_ins_for_a_minute(settings, time_machine_at_noon):
    settings.WRONG_PASSWORDS_PER_MINUTE = 3
    user = UserFactory()
    assert not any(signs_in(UserFactory(), "192.0.2.7", "wrong") for _try in range(3))
    assert (signs_in(user, "192.0.2.7"), signs_in(user, "192.0.2.8")) == (False, True)
    time_machine_at_noon.shift(60)
    assert signs_in(user, "192.0.2.7")


def test_right_passwords_are_not_counted_as_wrong_ones(settings):
    settings.WRONG_PASSWORDS_PER_MINUTE = 3
    assert [signs_in(UserFactory(), "192.0.2.7") for _try in range(5)] == [True] * 5


def test_an_office_that_signs_in_together_waits_for_no_lock_of_its_address(monkeypatch):
    """Whoever holds allauth's locks of this address: nobody who signs in asks for one."""
    add = type(caches["default"]).add

    def add_unless_of_address(self, key, *args, **kwargs):
        return not (":ip:" in key and key.endswith(":lock")) and add(self, key, *args, **kwargs)

    monkeypatch.setattr(type(caches["default"]), "add", add_unless_of_address)
    assert signs_in(UserFactory(), "192.0.2.7")


# ── Evidence ─────────────────────────────────────────────────────────────────


def test_one_person_adds_so_many_pieces_an_hour(project, coordinator, settings):
    settings.UPLOADS_PER_HOUR = 3
    assert add_file(coordinator, project, b"one", b"two").status_code == 200
    refused = add_file(coordinator, project, b"three", b"four")
    assert refused.status_code == 422
    assert "You have added 3 files and links within an hour" in refused.content.decode()
    assert (Evidence.objects.count(), StoredFile.objects.count(), len(stored_files(settings))) == (2, 2, 2)
    assert add_file(coordinator, project, b"three").status_code == 200


def test_a_project_stores_so_much_and_says_so(project, coordinator, settings):
    settings.PROJECT_MEGABYTES = 1
    assert add_file(coordinator, project, b"a" * 600_000).status_code == 200
    refused = add_file(coordinator, project, b"b" * 600_000)
    assert refused.status_code == 422
    assert "the files of this project would take more than 1 MB" in refused.content.decode()
    assert (Evidence.objects.count(), StoredFile.objects.count(), len(stored_files(settings))) == (1, 1, 1)
    elsewhere = work.opened_project(framework=project.framework)
    client = Client()
    client.force_login(member(elsewhere, Role.COORDINATOR))
    assert add_file(client, elsewhere, b"c" * 600_000).status_code == 200


def test_what_was_removed_still_takes_its_room(project, coordinator, settings):
    settings.PROJECT_MEGABYTES = 1
    add_file(coordinator, project, b"a" * 600_000)
    piece = Evidence.objects.get()
    removed = [project.public_id, "questionnaire", piece.public_id, "G-1"]
    coordinator.post(reverse("assessments:evidence_remove", args=removed))
    assert add_file(coordinator, project, b"b" * 600_000).status_code == 422


def test_a_closed_project_keeps_nothing_of_what_is_sent(project, coordinator, settings):
    work.submit(project)
    work.release(project)
    assert add_file(coordinator, project, b"late").status_code == 302
    assert (Evidence.objects.count(), StoredFile.objects.count(), stored_files(settings)) == (0, 0, [])


def test_a_link_with_an_impossible_title_adds_no_file_either(project, coordinator, settings):
    address = reverse("assessments:evidence_add", args=[project.public_id, "questionnaire", "G-1"])
    form = {"G-1:file": SimpleUploadedFile("a.txt", b"a"), "G-1:link": "https://a.example", "G-1:link-title": "\x00"}
    assert coordinator.post(address, form).status_code == 422
    assert (Evidence.objects.count(), stored_files(settings)) == (0, [])


# ── The cache they are counted in ────────────────────────────────────────────


COUNT = """
import django
django.setup()
from foundation import limits
for _time in range(25):
    limits.wait("saves", 1, most=100, seconds=86400)
"""


@pytest.mark.server
def test_all_processes_count_together_in_redis(tmp_path, redis_server, settings):
    environment = servers.site_environment(tmp_path / "var", 8000, REDIS_URL=redis_server)
    family = [subprocess.Popen([sys.executable, "-c", COUNT], cwd=servers.ROOT, env=environment) for _ in range(4)]
    assert [process.wait(timeout=60) for process in family] == [0] * 4
    settings.CACHES = {"default": {"BACKEND": "foundation.caches.ForgivingRedisCache", "LOCATION": redis_server}}
    assert limits.wait("saves", 1, most=101, seconds=86400) == 0
    assert limits.wait("saves", 1, most=101, seconds=86400) > 0


@pytest.mark.server
def test_a_cache_that_is_gone_stops_nobody_and_one_that_is_back_counts_again(
    tmp_path, settings, project, coordinator, monkeypatch, caplog
):
    monkeypatch.setattr(forgiving, "PAUSE", 0)
    settings.WRITES_PER_MINUTE = 1
    with servers.redis(tmp_path) as address:
        settings.CACHES = {"default": {"BACKEND": "foundation.caches.ForgivingRedisCache", "LOCATION": address}}
        save(coordinator, project)
        assert save(coordinator, project).status_code == 429
    assert [save(coordinator, project).status_code for _time in range(3)] == [200] * 3
    assert "The cache does not answer" in caplog.text
    user = UserFactory(email="awa@valmara.example")
    visitor = Client()
    visitor.post("/accounts/login/", {"login": user.email, "password": "a-long-enough-password"})
    assert visitor.get("/profile/").status_code == 200


def test_a_cache_that_is_away_is_not_asked_again_at_once():
    cache = forgiving.ForgivingRedisCache(f"redis://127.0.0.1:{servers.free_port()}/0", {})
    assert cache.add("a", 1) is True
    away = forgiving.ForgivingRedisCache.away_until
    assert (cache.get("a", "none"), cache.has_key("a"), cache.delete("a"), cache.incr("a")) == ("none", False, False, 0)
    assert forgiving.ForgivingRedisCache.away_until == away
    cache.set("a", 1)
    forgiving.ForgivingRedisCache.away_until = 0.0


def test_a_full_disk_or_a_lost_count_stops_nobody(tmp_path, settings):
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": tmp_path / "cache"}
    }
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert limits.wait("saves", 1, most=1, seconds=60) == 0
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert limits.wait("saves", 1, most=1, seconds=60) == 0
    assert caches["default"].get("a") is None
