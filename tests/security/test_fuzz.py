"""Fuzzing: whatever is sent to any address, never a fault, never a half-written state, never an inline script.

`make test` sends a few hundred inputs; `make security` 20,000 (profile “fuzz” of Hypothesis, tests/conftest.py).
"""

import gc
import hashlib
import re
from collections.abc import Iterator

import pytest
from django.conf import settings as project_settings
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assessments.actions.submissions import return_sheet, send_to_signatory
from assessments.forms.evidence import ENDINGS
from assessments.models import Evidence
from tests.access.world import World, world
from tests.factories import assessments as work
from tests.factories.toolkit import HARBOUR
from tests.security import fuzz
from tests.security.test_headers import require_strict
from tests.security.test_redirects import stays_here
from toolkit.actions import FileRefused, Loaded, VersionPublished, dump, load

# Django leaves the file of a multipart form that ends in its middle to the garbage collector, which removes it.
LEFT = "ignore:Exception ignored in. <_io.FileIO name='.*upload:pytest.PytestUnraisableExceptionWarning"
pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings(LEFT)]
QUICK = {"WRITES_PER_MINUTE": 1_000_000, "UPLOADS_PER_HOUR": 100_000}
MOST = settings.default.max_examples  # 100; in the profile “fuzz” many more


def inputs(share: float) -> settings:
    """So many times the profile's number of inputs."""
    return settings(max_examples=max(1, round(MOST * share)), suppress_health_check=list(HealthCheck))


def signing() -> World:
    """The same, sent to the signatory again."""
    here = opened()
    send_to_signatory(work.national_sheet(here.project), reason="More comes in March.", by=here.people["coordinator"])
    return here


def opened() -> World:
    """A submitted project whose questionnaire the experts have returned: the country answers again."""
    here = world()
    sheet = work.national_sheet(here.project)
    return_sheet(sheet, whole="Please complete.", sections={}, by=here.people["expert"])
    return here


@pytest.fixture(scope="module")
def site(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[fuzz.Site]:
    """Four worlds, built once and undone at the end; every input is undone by itself."""
    folder = tmp_path_factory.mktemp("fuzz")
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    storages = {**project_settings.STORAGES, "staticfiles": static}
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(FILES_DIR=folder, STORAGES=storages, **QUICK):
            worlds = {"open": opened(), "submitted": world(), "released": world(released=True), "signing": signing()}
            yield fuzz.build(worlds)
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _quick(settings, site):
    for name, value in QUICK.items():
        setattr(settings, name, value)
    yield
    gc.collect()  # under the filter of warnings of these tests, not of a later one


def attack(site: fuzz.Site, target: fuzz.Target, sent: fuzz.Sent) -> None:
    """Send it, and hold the reply and what became of the database to what always holds."""
    with fuzz.undone(), fuzz.noticing_writes() as written:
        client = site.client(target, sent.role)
        response = client.generic("POST", sent.url, sent.body, sent.content_type, headers=sent.headers)
        assert response.status_code < 500
        require_strict(response)
        assert stays_here(response)
        if sent.is_own_url and target.signs[sent.role] != "+":
            assert response.status_code in {302, 400, 401, 403, 404, 405, 413}
            assert written == []
        fuzz.require_whole(site, fuzz.name_of(sent.url), response, written)
        if written and response.get("Location", "").startswith("/"):  # what was kept is shown, and harmless
            page = client.get(response["Location"].partition("#")[0])
            assert page.status_code < 500
            require_strict(page)


BUTTONS = {  # addresses without a field of their own; and a new password's, whose page needs a mailed key
    "account_reset_password_done", "account_reset_password_from_key", "account_reset_password_from_key_done",
    "assessments:aim_remove", "assessments:answers_take_over", "assessments:evidence_remove", "assessments:mark",
    "assessments:observation_remove", "assessments:other_withdraw", "assessments:proposal_confirm",
    "assessments:questions_seen", "assessments:recommendation_remove", "assessments:sections_ask",
    "assessments:sheet_accept",
    "assessments:source_remove", "assessments:thread_reopen", "assessments:thread_resolve", "assessments:unmark",
    "assessments:upload_chunk", "assessments:upload_give_up", "assessments:upload_start", "live", "metrics",
    "offline", "projects:invitation_accept", "projects:invitation_renew", "projects:invitation_withdraw",
    "projects:membership_end", "projects:project_close", "projects:project_reopen", "projects:project_resume",
    "projects:request_accept", "projects:request_decline", "projects:step_done", "projects:step_undone", "ready",
    "reports:receipt_request", "reports:report_again", "reports:report_release", "worker",
}  # fmt: skip


def test_every_address_that_takes_fields_is_fuzzed_with_them(site):
    """Read from the pages: a new form is fuzzed as soon as the matrix knows its address."""
    filled = {name for name, targets in site.targets.items() if any(any(target.forms) for target in targets)}
    assert sorted(set(site.targets) - filled) == sorted(BUTTONS)


@pytest.mark.parametrize("part", [0, 1])
def test_no_form_of_any_address_breaks_anything(site, part):
    @inputs(0.04)
    @given(st.data())
    def attack_it(data):
        target = data.draw(st.sampled_from(site.targets[name]))
        attack(site, target, data.draw(fuzz.requests(site, target)))

    for name in sorted(site.targets)[part::2]:  # noqa: B007  (attack_it reads it)
        attack_it()


def test_no_question_of_an_address_breaks_anything(site):
    """GET: what filters and pages are asked for."""
    names = [
        b"page",
        b"q",
        b"region",
        b"state",
        b"next",
        b"request",
        b"filter",
        b"lever",
        b"kind",
        b"language",
        b"sort",
    ]

    @inputs(0.5)
    @given(st.data())
    def ask(data):
        target = data.draw(st.sampled_from(site.pages[data.draw(st.sampled_from(sorted(site.pages)))]))
        fields = data.draw(st.lists(st.tuples(st.sampled_from(names), fuzz.values), max_size=4))
        url = data.draw(fuzz.addresses(target.url, site.uuids))
        role = data.draw(st.sampled_from(sorted(target.signs)))
        with fuzz.undone():
            response = site.client(target, role).get(f"{url}?{fuzz.encoded(fields).decode()}")
            assert response.status_code < 500
            require_strict(response)
            assert stays_here(response)
            response.close()

    ask()


def test_no_save_of_any_question_breaks_anything(site):
    targets = fuzz.question_targets(site)
    assert len({target.url for target in targets}) > 50

    @inputs(1)
    @given(st.data())
    def save(data):
        target = data.draw(st.sampled_from(targets))
        attack(site, target, data.draw(fuzz.requests(site, target)))

    save()


def test_no_upload_breaks_anything_and_every_file_leaves_as_a_download(site):
    (target,) = (target for target in site.targets["assessments:evidence_add"] if target.here is site.worlds["open"])
    code = target.url.split("/")[-3].encode()

    @inputs(0.5)
    @given(fuzz.uploads(code))
    def upload(body):
        sent = fuzz.Sent("coordinator", target.url, body, fuzz.MULTIPART, {}, is_own_url=True)
        with fuzz.undone():
            attack(site, target, sent)  # undone by itself; once more, to look at what was kept
            client = site.client(target, "coordinator")
            client.generic("POST", target.url, body, fuzz.MULTIPART)
            for piece in Evidence.objects.filter(file__isnull=False).exclude(pk__in=site.before.tables["Evidence"]):
                require_harmless(piece, client.get(target.url.split("answers")[0] + f"evidence/{piece.public_id}/"))

    upload()


def require_harmless(piece, response):
    """Under a name of ours, of a known type by its content, sent as a download in a sandbox."""
    file = piece.file
    assert re.fullmatch(r"evidence/[0-9a-f]{32}", file.path)
    for name in (file.name, piece.file_name):
        assert name.lower().endswith(ENDINGS[file.content_type])
    assert response.status_code == 200
    require_strict(response)
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Type"] == file.content_type
    assert hashlib.sha256(b"".join(response.streaming_content)).hexdigest() == file.sha256
    response.close()


def test_no_framework_file_breaks_anything(site):
    text = HARBOUR.read_text(encoding="utf-8").replace("version: '1.0'", "version: '9.9'")

    @inputs(1)
    @given(fuzz.framework_files(text))
    def read(source):
        with fuzz.undone(), fuzz.noticing_writes() as written:
            try:
                loaded = load(source)
            except (FileRefused, VersionPublished):
                assert written == []
                return
            if loaded.is_new:
                again = dump(loaded.framework)
                assert load(again.encode()) == Loaded(loaded.framework, is_new=False)
                fuzz.require_invariants(site.before, fuzz.State.now(), {})

    read()
