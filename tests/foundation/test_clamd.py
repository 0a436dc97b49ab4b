"""ClamAV: its protocol spoken with a daemon on a socket, the verdicts, and a daemon that is away."""

import re
import socketserver
import struct
import threading
from contextlib import contextmanager

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from assessments import schedule
from assessments.models import Evidence
from assessments.tasks import scan_evidence
from foundation import clamd, files, jobs
from foundation.models import Job, JobState, Mail, StoredFile
from projects.permissions import Role
from tests.clients import signed_in
from tests.factories import assessments as work
from tests.factories.projects import member

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MOST = 1_000_000  # bytes, as StreamMaxLength of the daemon


class Daemon(socketserver.BaseRequestHandler):
    """What clamd does with INSTREAM: pieces with their length before them, a zero length, one line in reply."""

    def handle(self) -> None:
        command = self.exactly(len(b"zINSTREAM\0"))
        if command != b"zINSTREAM\0":
            self.request.sendall(b"UNKNOWN COMMAND\0")
            return
        held = b""
        while length := struct.unpack("!L", self.exactly(4))[0]:
            held += self.exactly(length)
            if len(held) > MOST:
                self.request.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.server.scanned.append(held)
        self.request.sendall(b"stream: Eicar-Signature FOUND\0" if EICAR in held else b"stream: OK\0")

    def exactly(self, count: int) -> bytes:
        held = b""
        while len(held) < count:
            part = self.request.recv(count - len(held))
            if not part:
                raise ConnectionError
            held += part
        return held


@contextmanager
def daemon(kind=socketserver.ThreadingTCPServer, place=("127.0.0.1", 0)):
    with kind(place, Daemon) as server:
        server.scanned = []
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(5)


def address_of(server) -> str:
    return "{}:{}".format(*server.server_address)


# ── The protocol ─────────────────────────────────────────────────────────────
def test_a_file_goes_over_the_socket_whole_and_its_verdict_comes_back(tmp_path):
    clean, infected = tmp_path / "clean", tmp_path / "infected"
    clean.write_bytes(bytes(range(256)) * 1000)
    infected.write_bytes(EICAR)
    with daemon() as server:
        assert clamd.scan(clean, address_of(server)) == ""
        assert clamd.scan(infected, address_of(server)) == "Eicar-Signature"
        assert server.scanned == [clean.read_bytes(), EICAR]


def test_a_unix_socket_is_spoken_to_alike(tmp_path):
    file = tmp_path / "infected"
    file.write_bytes(EICAR)
    place = str(tmp_path / "clamd.sock")
    with daemon(socketserver.ThreadingUnixStreamServer, place):
        assert clamd.scan(file, place) == "Eicar-Signature"


def test_a_daemon_that_takes_less_says_so(tmp_path):
    file = tmp_path / "large"
    file.write_bytes(bytes(3 * MOST))
    with daemon() as server, pytest.raises((clamd.TooLarge, clamd.Away)):
        clamd.scan(file, address_of(server))


@pytest.mark.parametrize("said", ["", "UNKNOWN COMMAND", "stream: Can't allocate memory ERROR"])
def test_what_is_no_verdict_is_asked_again(said):
    with pytest.raises(clamd.Away, match=re.escape(repr(said))):
        clamd.verdict(said)


def test_a_size_that_is_too_much_is_no_reason_to_ask_again():
    with pytest.raises(clamd.TooLarge):
        clamd.verdict("INSTREAM size limit exceeded. ERROR")


# ── Evidence ─────────────────────────────────────────────────────────────────
@pytest.fixture
def project():
    return work.opened_project()


@pytest.fixture
def focal(project):
    return member(project, Role.COORDINATOR)


@pytest.fixture
def coordinator(focal):
    return signed_in(focal)


def add(client, project, content, code="G-1"):
    address = reverse("assessments:evidence_add", args=[project.public_id, "questionnaire", code])
    assert client.post(address, {f"{code}:file": SimpleUploadedFile("law.txt", content)}).status_code == 200
    return Evidence.objects.order_by("-pk").first()


def work_off() -> None:
    for job in Job.objects.filter(task="assessments.scan_evidence").order_by("pk"):
        scan_evidence(job.pk)


def words(client, project) -> str:
    page = client.get(reverse("assessments:evidence_register", args=[project.public_id, "questionnaire"]))
    return page.content.decode()


@pytest.mark.django_db
def test_without_a_scanner_a_file_says_that_it_was_not_scanned(project, coordinator, settings):
    settings.CLAMD = ""
    add(coordinator, project, b"law")
    assert Job.objects.filter(task="assessments.scan_evidence").count() == 0
    assert "not scanned for viruses (no scanner is installed on this site)" in words(coordinator, project)


@pytest.mark.django_db
def test_beside_the_question_who_examines_reads_of_the_scan_and_the_national_team_of_a_virus_only(
    project, coordinator, settings
):
    def beside(client):
        place = [project.public_id, "questionnaire"]
        pages = [("section", "G"), ("question", "G-1")]
        return [
            client.get(reverse(f"assessments:{name}", args=[*place, code])).content.decode() for name, code in pages
        ]

    expert = signed_in(member(project, Role.EXPERT))
    settings.CLAMD = ""
    piece = add(coordinator, project, b"see " + EICAR)
    assert ["not scanned" in page for page in beside(coordinator)] == [False, False]
    assert ["not scanned" in page for page in beside(expert)] == [True, True]
    details = reverse("assessments:evidence_piece", args=[project.public_id, "questionnaire", piece.public_id])
    assert "not scanned" in coordinator.get(details).content.decode()
    with daemon() as server:
        settings.CLAMD = address_of(server)
        schedule.run()
        work_off()
    assert ["a virus was found in it" in page for page in beside(coordinator)] == [True, True]


@pytest.mark.django_db
def test_a_clean_file_says_so_and_is_asked_about_once(project, coordinator, settings):
    with daemon() as server:
        settings.CLAMD = address_of(server)
        piece = add(coordinator, project, b"law")
        assert "waits to be scanned" in words(coordinator, project)
        add(coordinator, project, b"law", "G-2")
        work_off()
        work_off()
        assert server.scanned == [b"law"]
    piece.file.refresh_from_db()
    assert (piece.file.verdict, piece.file.signature, piece.file.scan.state) == ("clean", "", JobState.DONE)
    assert "scanned, no virus found" in words(coordinator, project)
    assert Mail.objects.count() == 0


@pytest.mark.django_db
def test_an_infected_file_is_served_to_nobody_and_said_to_who_added_it(project, focal, coordinator, settings):
    with daemon() as server:
        settings.CLAMD = address_of(server)
        piece = add(coordinator, project, b"see " + EICAR)
        for name in ("evidence_file", "evidence_view"):
            file = reverse(f"assessments:{name}", args=[project.public_id, "questionnaire", piece.public_id])
            assert b"".join(coordinator.get(file).streaming_content) == b"see " + EICAR
        work_off()
        for name in ("evidence_file", "evidence_view"):
            file = reverse(f"assessments:{name}", args=[project.public_id, "questionnaire", piece.public_id])
            assert coordinator.get(file).status_code == 404
    details = reverse("assessments:evidence_piece", args=[project.public_id, "questionnaire", piece.public_id])
    assert "ClamAV found a virus in this file (Eicar-Signature)" in coordinator.get(details).content.decode()
    assert "a virus was found in it (Eicar-Signature)" in words(coordinator, project)
    mail = Mail.objects.get()
    assert (mail.to, "law.txt: Eicar-Signature" in mail.body, details in mail.body) == (focal.email, True, True)


@pytest.mark.django_db
def test_an_infected_signed_paper_is_said_to_who_sent_it_in_and_to_the_manager(project, focal, coordinator, settings):
    paper = work.SubmissionFactory(
        sheet=work.national_sheet(project), on_paper=True, signed_by=focal,
        scan=files.store([EICAR], folder="signatures", name="signed.pdf", content_type="application/pdf"),
    )  # fmt: skip
    with daemon() as server:
        settings.CLAMD = address_of(server)
        schedule.run()  # it was sent in while no scanner ran
        work_off()
    named = [project.public_id, "questionnaire"]
    scan = reverse("assessments:submission_scan", args=[*named, paper.public_id])
    document = reverse("assessments:sheet_document", args=named)
    assert coordinator.get(scan).status_code == 404
    page = coordinator.get(document).content.decode()
    assert (scan in page, "a virus was found in it (Eicar-Signature)" in page) == (False, True)
    assert {mail.to for mail in Mail.objects.all()} == {focal.email, project.manager.email}
    assert all("signed.pdf: Eicar-Signature" in mail.body and document in mail.body for mail in Mail.objects.all())


@pytest.mark.django_db
def test_a_daemon_that_is_away_is_asked_again_later(project, coordinator, settings):
    with daemon() as server:
        settings.CLAMD = address_of(server)
    piece = add(coordinator, project, b"law")
    work_off()
    job = Job.objects.get(task="assessments.scan_evidence")
    assert (job.state, job.attempt, job.due_at > timezone.now()) == (JobState.QUEUED, 0, True)
    with daemon() as server:
        settings.CLAMD = address_of(server)
        Job.objects.update(due_at=timezone.now())
        work_off()
    piece.file.refresh_from_db()
    assert piece.file.verdict == "clean"


@pytest.mark.django_db
def test_a_file_that_the_daemon_does_not_take_says_that_it_could_not_be_scanned(project, coordinator, settings):
    piece = add(coordinator, project, b"law")
    piece.file.scan = jobs.enqueue("assessments.scan_evidence")
    piece.file.save()
    Job.objects.filter(pk=piece.file.scan_id).fail("too_large")
    assert "could not be scanned" in words(coordinator, project)


@pytest.mark.django_db
def test_files_of_the_time_before_the_scanner_are_scanned_by_the_clock(project, coordinator, settings):
    settings.CLAMD = ""
    add(coordinator, project, b"law")
    schedule.run()
    assert Job.objects.filter(task="assessments.scan_evidence").count() == 0
    with daemon() as server:
        settings.CLAMD = address_of(server)
        schedule.run()
        schedule.run()
        work_off()
        assert server.scanned == [b"law"]
    assert StoredFile.objects.get().verdict == "clean"
