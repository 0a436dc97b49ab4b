"""Files in chunks: what arrives is counted, what is cut goes on, what is damaged is sent again."""

import datetime
import hashlib
import json
import os
import time
import uuid
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from assessments import schedule
from assessments.models import Evidence, EvidenceUse, Upload
from foundation import arrivals, files
from foundation.models import StoredFile
from projects.permissions import Role
from tests.clients import signed_in
from tests.factories import assessments as work
from tests.factories.projects import member
from toolkit.models import Institution

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}
REPORT = b"%PDF-1.7\n" + bytes(range(256)) * 800  # 205 KB
CHUNK = 64 * 1024


@pytest.fixture
def coordinator(project):
    return signed_in(member(project, Role.COORDINATOR))


def start(client, project, content=REPORT, *, name="report.pdf", size=None, code="G-1", **more):
    said = {
        "name": name, "size": len(content) if size is None else size,
        "fingerprint": hashlib.sha256(content[:65536]).hexdigest(),
    }  # fmt: skip
    address = reverse("assessments:upload_start", args=[project.public_id, "questionnaire", code])
    return client.post(address, said | more, headers=JSON)


def send(client, url, content, offset, count=CHUNK, *, sha256=None):
    piece = content[offset : offset + count]
    query = f"?offset={offset}&sha256={sha256 or hashlib.sha256(piece).hexdigest()}"
    return client.post(url + query, piece, content_type="application/octet-stream", headers=JSON)


def send_all(client, url, content, offset=0):
    reply = None
    while offset < len(content):
        reply = send(client, url, content, offset)
        assert reply.status_code == 200, reply.content
        offset = reply.json()["received"]
    return reply


def below(settings):
    return sorted(str(path.relative_to(settings.FILES_DIR)) for path in Path(settings.FILES_DIR).rglob("*.half"))


# ── Whole ────────────────────────────────────────────────────────────────────
def test_a_file_in_pieces_becomes_a_piece_of_evidence(project, coordinator, settings):
    begun = start(coordinator, project, is_confidential="on").json()
    reply = send_all(coordinator, begun["url"], REPORT)
    piece = Evidence.objects.get()
    assert files.path_of(piece.file).read_bytes() == REPORT
    assert piece.file.sha256 == hashlib.sha256(REPORT).hexdigest()
    assert (piece.title, piece.file.content_type, piece.is_confidential, piece.institution) == (
        "report.pdf", "application/pdf", True, "post",
    )  # fmt: skip
    assert "report.pdf" in reply.json()["html"]
    assert below(settings) == []


def test_the_last_piece_sent_twice_is_answered_alike(project, coordinator):
    begun = start(coordinator, project).json()
    first = send_all(coordinator, begun["url"], REPORT)
    again = send(coordinator, begun["url"], REPORT, 3 * CHUNK)
    assert (again.status_code, again.json()["received"]) == (200, first.json()["received"])
    assert (Evidence.objects.count(), StoredFile.objects.count()) == (1, 1)


def test_what_the_project_has_already_is_stored_once(project, coordinator, settings):
    for code in ("G-1", "G-2"):
        send_all(coordinator, start(coordinator, project, code=code).json()["url"], REPORT)
    assert (Evidence.objects.count(), StoredFile.objects.count()) == (1, 1)
    assert len([path for path in Path(settings.FILES_DIR).rglob("*") if path.is_file()]) == 1


# ── Cut ──────────────────────────────────────────────────────────────────────
def test_after_a_cut_the_same_file_goes_on_where_it_stopped(project, coordinator):
    begun = start(coordinator, project).json()
    send(coordinator, begun["url"], REPORT, 0)
    again = start(coordinator, project).json()
    assert (again["url"], again["received"]) == (begun["url"], CHUNK)
    send_all(coordinator, again["url"], REPORT, CHUNK)
    assert files.path_of(Evidence.objects.get().file).read_bytes() == REPORT


def test_another_file_of_that_name_begins_on_its_own(project, coordinator):
    begun = start(coordinator, project).json()
    send(coordinator, begun["url"], REPORT, 0)
    other = start(coordinator, project, REPORT[:9] + b"x" + REPORT[10:]).json()
    assert (other["url"] == begun["url"], other["received"]) == (False, 0)


def test_a_piece_that_came_twice_or_too_early_says_where_it_is(project, coordinator):
    url = start(coordinator, project).json()["url"]
    send(coordinator, url, REPORT, 0)
    for offset in (0, 2 * CHUNK):
        reply = send(coordinator, url, REPORT, offset)
        assert (reply.status_code, reply.json()["received"]) == (409, CHUNK)


def test_a_damaged_piece_is_sent_again(project, coordinator):
    url = start(coordinator, project).json()["url"]
    reply = send(coordinator, url, REPORT, 0, sha256="0" * 64)
    assert (reply.status_code, reply.json()["received"]) == (409, 0)
    send_all(coordinator, url, REPORT)
    assert Evidence.objects.count() == 1


def test_an_attempt_that_died_while_it_became_evidence_is_made_again(project, coordinator):
    """As it lies on the disk when the process is killed after the file was moved, before its row was written."""
    url = start(coordinator, project).json()["url"]
    upload = Upload.objects.get()
    for offset in range(0, len(REPORT), CHUNK):
        arrivals.write(upload.public_id, offset, REPORT[offset : offset + CHUNK])
    Upload.objects.update(received=len(REPORT))
    arrivals.keep(upload.public_id, folder="evidence", name="x", content_type="application/pdf", size=len(REPORT))
    reply = send(coordinator, url, REPORT, len(REPORT))
    assert (reply.status_code, "report.pdf" in reply.json()["html"]) == (200, True)
    assert files.path_of(Evidence.objects.get().file).read_bytes() == REPORT


def test_a_file_store_that_lost_what_had_arrived_has_it_sent_again(project, coordinator, settings):
    url = start(coordinator, project).json()["url"]
    send(coordinator, url, REPORT, 0)
    (half,) = Path(settings.FILES_DIR).rglob("*.half")
    half.unlink()
    reply = send(coordinator, url, REPORT, CHUNK)
    assert (reply.status_code, reply.json()["received"]) == (409, 0)
    send_all(coordinator, url, REPORT)
    assert files.path_of(Evidence.objects.get().file).read_bytes() == REPORT


def test_a_page_that_is_loaded_again_is_told_what_is_on_its_way(project, coordinator):
    begun = start(coordinator, project).json()
    send(coordinator, begun["url"], REPORT, 0)
    address = reverse("assessments:upload_list", args=[project.public_id, "questionnaire"])
    (left,) = coordinator.get(address).json()["uploads"]
    page = reverse("assessments:section", args=[project.public_id, "questionnaire", "G"])
    assert left == {**begun, "received": CHUNK, "question": "G-1", "page": page}
    colleague = signed_in(member(project, Role.COORDINATOR))
    assert colleague.get(address).json() == {"uploads": [], "added": []}
    assert send(colleague, begun["url"], REPORT, CHUNK).status_code == 404


PHOTO, SMALLER = "a" * 64, b"\xff\xd8\xff" + bytes(range(256)) * 400  # 102 KB of the photo that REPORT stands for


def test_of_one_photo_the_last_that_was_begun_goes_on(
    project, coordinator, settings, django_capture_on_commit_callbacks
):
    begun = start(coordinator, project, source=PHOTO).json()
    send(coordinator, begun["url"], REPORT, 0)
    with django_capture_on_commit_callbacks(execute=True):
        smaller = start(coordinator, project, SMALLER, name="report.jpg", source=PHOTO).json()
    assert send(coordinator, begun["url"], REPORT, CHUNK).status_code == 404
    send_all(coordinator, smaller["url"], SMALLER)
    assert [piece.title for piece in Evidence.objects.all()] == ["report.jpg"]
    assert (Upload.objects.unfinished().count(), below(settings)) == (0, [])


def test_a_photo_that_supports_the_answer_already_is_not_added_in_another_size(project, coordinator):
    send_all(coordinator, start(coordinator, project, SMALLER, name="report.jpg", source=PHOTO).json()["url"], SMALLER)
    again = start(coordinator, project, source=PHOTO).json()
    assert (again["is_added"], again["name"], again["received"]) == (True, "report.jpg", len(SMALLER))
    reply = send(coordinator, again["url"], b"", again["received"])
    assert "report.jpg" in reply.json()["html"]
    assert (Upload.objects.count(), Evidence.objects.count()) == (1, 1)
    listed = coordinator.get(reverse("assessments:upload_list", args=[project.public_id, "questionnaire"])).json()
    photo = {"question": "G-1", "source": PHOTO, "name": "report.jpg", "is_confidential": False}
    assert listed == {"uploads": [], "added": [photo]}


@pytest.mark.parametrize("other", [{"code": "G-2"}, {"is_confidential": "on"}, {"source": "b" * 64}])
def test_another_question_secrecy_or_photo_is_another_upload(project, coordinator, other):
    send_all(coordinator, start(coordinator, project, SMALLER, source=PHOTO).json()["url"], SMALLER)
    begun = start(coordinator, project, **{"source": PHOTO, **other}).json()
    assert (begun["received"], begun["size"]) == (0, len(REPORT))


def test_a_photo_that_was_removed_may_be_sent_in_another_size(project, coordinator):
    send_all(coordinator, start(coordinator, project, SMALLER, source=PHOTO).json()["url"], SMALLER)
    named = [project.public_id, "questionnaire", Evidence.objects.get().public_id, "G-1"]
    coordinator.post(reverse("assessments:evidence_remove", args=named))
    send_all(coordinator, start(coordinator, project, source=PHOTO).json()["url"], REPORT)
    assert [use.removed_at is None for use in EvidenceUse.objects.order_by("pk")] == [False, True]


def test_nothing_of_one_person_is_sent_as_another(project, coordinator, focal):
    begun = start(coordinator, project).json()
    theirs = {"X-Person": str(focal.public_id), **JSON}
    listed = reverse("assessments:upload_list", args=[project.public_id, "questionnaire"])
    replies = [
        coordinator.post(begun["url"] + "?offset=0&sha256=", REPORT, content_type="text/plain", headers=theirs),
        coordinator.post(begun["give_up"], headers=theirs),
        coordinator.get(listed, headers=theirs),
    ]
    assert [(reply.status_code, reply.json()["problem"]) for reply in replies] == [(401, "other_person")] * 3
    assert Upload.objects.get().received == 0


def test_given_up_nothing_stays(project, coordinator, settings):
    begun = start(coordinator, project).json()
    send(coordinator, begun["url"], REPORT, 0)
    assert coordinator.post(begun["give_up"]).status_code == 200
    assert (Upload.objects.count(), below(settings)) == (0, [])


def test_the_clock_empties_what_nobody_goes_on_with(project, coordinator, settings):
    for name in ("old.pdf", "new.pdf"):
        send(coordinator, start(coordinator, project, name=name).json()["url"], REPORT, 0)
    Upload.objects.filter(name="old.pdf").update(moved_at=timezone.now() - datetime.timedelta(days=8))
    schedule.run()
    assert list(Upload.objects.values_list("name", flat=True)) == ["new.pdf"]
    assert below(settings) == [f"arriving/{Upload.objects.get().public_id.hex}.half"]


def test_the_clock_empties_what_has_no_row(project, coordinator, settings):
    """Bytes that came after the upload was given up; a whole file whose process was killed before it was a piece."""
    given_up, killed = uuid.uuid4(), uuid.uuid4()
    arrivals.write(given_up, 0, REPORT)
    work.UploadFactory(public_id=killed, size=len(REPORT), moved_at=timezone.now() - datetime.timedelta(days=8))
    half = Path(settings.FILES_DIR) / "arriving" / f"{given_up.hex}.half"
    whole = Path(settings.FILES_DIR) / "evidence" / killed.hex
    whole.parent.mkdir()
    whole.write_bytes(REPORT)
    piece = work.EvidenceFactory(as_file=True)
    kept = work.UploadFactory(
        public_id=uuid.UUID(piece.file.path.partition("/")[2]), moved_at=timezone.now() - datetime.timedelta(days=8)
    )
    schedule.run()
    assert (half.exists(), whole.exists(), files.path_of(piece.file).exists()) == (True, False, True)
    assert not Upload.objects.filter(pk=kept.pk).exists()
    eight_days_ago = time.time() - 8 * 24 * 3600
    os.utime(half, (eight_days_ago, eight_days_ago))
    schedule.run()
    assert not half.exists()


# ── Refused ──────────────────────────────────────────────────────────────────
def message(reply):
    assert reply.status_code == 422
    return json.loads(reply.content)["message"]


def test_what_can_never_be_taken_is_refused_before_it_is_sent(project, coordinator, settings):
    settings.UPLOAD_MEGABYTES = 50
    assert "larger than 50 MB" in message(start(coordinator, project, size=50 * 1024 * 1024 + 1))
    assert start(coordinator, project, size=50 * 1024 * 1024).status_code == 200
    assert "is empty" in message(start(coordinator, project, size=0))
    assert message(start(coordinator, project, fingerprint="x"))
    settings.PROJECT_MEGABYTES = 1
    assert "would take more than 1 MB" in message(start(coordinator, project, size=2_000_000))
    settings.UPLOADS_PER_HOUR = 1
    assert "within an hour" in message(start(coordinator, project, name="second.pdf"))


def test_a_kind_of_file_that_is_not_taken_is_refused_with_its_first_piece(project, coordinator, settings):
    program = b"MZ\x00\x01" + bytes(300_000)
    url = start(coordinator, project, program, name="a.pdf").json()["url"]
    assert "is not a PDF, an image" in message(send(coordinator, url, program, 0))
    assert (Upload.objects.count(), Evidence.objects.count(), below(settings)) == (0, 0, [])


def test_a_piece_is_at_most_a_megabyte(project, coordinator):
    content = b"%PDF-1.7" + bytes(2_000_000)
    url = start(coordinator, project, content).json()["url"]
    assert message(send(coordinator, url, content, 0, 1024 * 1024 + 1))
    assert send(coordinator, url, content, 0, 1024 * 1024).status_code == 200


def test_half_a_file_counts_in_the_projects_room(project, coordinator, settings):
    settings.PROJECT_MEGABYTES = 1
    content = b"%PDF-1.7" + bytes(700_000)
    url = start(coordinator, project, content).json()["url"]
    send(coordinator, url, content, 0, 600_000)
    assert start(coordinator, project, b"other" * 100_000, name="b.txt").status_code == 422
    assert start(coordinator, project, content).json()["received"] == 600_000
    assert send(coordinator, url, content, 600_000, 200_000).status_code == 200


def test_many_uploads_begun_while_there_was_room_do_not_all_fit(project, coordinator, settings):
    settings.PROJECT_MEGABYTES = 1
    files = {f"{number}.pdf": b"%PDF-1.7" + bytes([number]) * 700_000 for number in range(3)}
    urls = {name: start(coordinator, project, content, name=name).json()["url"] for name, content in files.items()}
    statuses = [send(coordinator, urls[name], content, 0, 600_000).status_code for name, content in files.items()]
    assert statuses == [200, 422, 422]
    assert len(list(below(settings))) == 1
    assert Upload.objects.count() == 1


def test_a_project_that_closed_meanwhile_takes_nothing_more(project, coordinator, settings):
    url = start(coordinator, project).json()["url"]
    send(coordinator, url, REPORT, 0)
    work.submit(project)
    work.release(project)
    reply = send(coordinator, url, REPORT, CHUNK)
    assert (reply.status_code, reply.json()["problem"]) == (409, "closed")
    assert Evidence.objects.count() == 0


def test_what_an_other_institution_sends_is_its_own(project, coordinator):
    regulator = signed_in(member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR))
    url = start(regulator, project, is_confidential="on").json()["url"]
    send_all(regulator, url, REPORT)
    assert Evidence.objects.get().institution == "regulator"
    page = reverse("assessments:evidence_register", args=[project.public_id, "questionnaire"])
    assert "report.pdf" not in coordinator.get(page).content.decode()
