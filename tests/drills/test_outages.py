"""Servers that go away and come back: PostgreSQL, Redis, the mail server; and a disk with no room. The site goes on."""

import os
import signal
import subprocess
import time
import uuid
from collections import Counter

import pytest
import requests

from tests import servers
from tests.drills import faults, people
from tests.drills.conftest import MAIL_PORT
from tests.drills.post_office import post_office
from tests.factories.accounts import PASSWORD

pytestmark = pytest.mark.server
OF_MAIL = 'FROM foundation_mail m JOIN foundation_job j ON j.id = m.job_id WHERE "to" = %s'
PDF = b"%PDF-1.7\n" + b"evidence " * 40_000  # 360 KB


# ── PostgreSQL ───────────────────────────────────────────────────────────────
def test_postgresql_restarted_among_saves_and_in_a_render_loses_nothing(
    town: people.Town, writers: list[people.Writer], postgresql: faults.Server
) -> None:
    page = f"/projects/{town.apart}/deliverables/"
    report = town.ask(town.apart)
    before = sum((writer.replies for writer in writers), Counter[int]())
    with people.busy(writers, at_least=5) as confirmed:
        servers.wait_for("saves arrive", lambda: confirmed() >= 40, seconds=60)
        town.wait_for_job(report, "running", "rendering")
        postgresql.end(signal.SIGINT)  # “fast”: whoever is connected is cut off
        away = [town.manager.open(page) for _ in range(4)]
        while sum((writer.replies for writer in writers), Counter[int]())[503] < before[503] + 20:
            time.sleep(0.05)
        ready = town.manager.open("/health/ready")
        postgresql.start()
    assert [answer.status_code for answer in away] == [503] * 4
    assert all("What you have saved is safe." in answer.text for answer in away)
    assert all(answer.headers["Retry-After"] == "5" for answer in away)
    assert (ready.status_code, ready.json()["database"]) == (503, "failed")
    assert town.manager.open(page).status_code == 200
    town.let_leases_run_out()
    town.wait_for_job(report, "done", "writing", seconds=120)
    town.assert_made_once(town.apart, report)
    town.assert_nothing_lost(writers)


# ── Redis ────────────────────────────────────────────────────────────────────
def test_redis_emptied_loses_no_document(town: people.Town, redis: faults.Server) -> None:
    faults.send(town.worker_pids(), signal.SIGSTOP)
    try:
        report = town.ask(town.apart, "toolkit")
        subprocess.run(
            ["redis-cli", "-p", faults.port_of(town.site.redis_url), "flushall"], check=True, capture_output=True
        )
    finally:
        faults.send(town.worker_pids(), signal.SIGCONT)
    town.wait_for_job(report, "done", "writing", 1)
    town.assert_made_once(town.apart, report)


def test_without_redis_people_sign_in_save_and_have_their_documents_made(
    town: people.Town, writers: list[people.Writer], redis: faults.Server
) -> None:
    """Gone for good, as far as the documents know: they are made before it is back. Then the workers are back too."""
    redis.end(signal.SIGKILL)
    try:
        manager = town.site.signed_in(town.expert, PASSWORD)
        with people.busy(writers, at_least=2, patient=False):
            reports = [town.ask(town.apart, "capability", language, by=manager) for language in ("en", "fr")]
        for report in reports:
            town.wait_for_job(report, "done", "writing")
            town.assert_made_once(town.apart, report)
        assert town.manager.open("/health/ready").status_code == 200
        town.assert_nothing_lost(writers)
    finally:
        redis.start()
    town.site.wait_until_healthy("worker")  # asked through Redis
    report = town.ask(town.apart, "capability", "en")
    town.wait_for_job(report, "done", "writing", 1)


def test_a_redis_that_does_not_answer_holds_nobody_up_for_long(
    town: people.Town, writers: list[people.Writer], redis: faults.Server
) -> None:
    os.kill(redis.pid, signal.SIGSTOP)
    try:
        town.site.signed_in(town.expert, PASSWORD)
        with people.busy(writers[:4], at_least=1, patient=False):
            pass
        report = town.ask(town.apart, "strategy", "en")
        town.wait_for_job(report, "done", "writing")
    finally:
        os.kill(redis.pid, signal.SIGCONT)
    town.assert_made_once(town.apart, report)
    town.site.wait_until_healthy("worker")


# ── The disk ─────────────────────────────────────────────────────────────────
def section_form(writer: people.Writer, note: str) -> dict[str, str]:
    """The plain form of a section, as a browser without scripts sends it, with one answer changed."""
    number = len(writer.confirmed)
    body = {":value": "3", ":note": note, ":base": str(number), ":save_id": str(uuid.uuid4())}
    return {f"{writer.code}{name}": text for name, text in body.items()}


def add_evidence(writer: people.Writer, note: str) -> requests.Response:
    form, name = section_form(writer, note), f"{writer.code}:file"
    answer = writer.visitor.submit(writer.page, form, page=writer.page, files={name: ("report.pdf", PDF)})
    writer.confirmed.append((form[f"{writer.code}:save_id"], len(writer.confirmed) + 1, "accepted", note))
    return answer


@pytest.mark.parametrize("folder", ["files", "tmp"])
def test_a_full_disk_is_said_and_keeps_the_rest_of_the_form(
    town: people.Town, writers: list[people.Writer], folder: str
) -> None:
    """`files`: where it is kept; `tmp`: where it waits while the request is read."""
    writer = writers[0]
    with faults.SmallDisk(town.site, folder, 200) as disk:
        answer = add_evidence(writer, f"written with {folder} full")
        assert answer.status_code == 422
        assert "The file could not be stored: the site has no room for files at present." in answer.text
        files = [file for file in disk.folder.rglob("*") if file.is_file()]
        assert [file for file in files if file.read_bytes().startswith(PDF[:100])] == []  # no half of it either
        disk.grow(2000)
        assert add_evidence(writer, f"written with room in {folder}").status_code == 302
    town.assert_nothing_lost(writers)


def test_a_full_disk_is_said_of_a_document_and_asking_again_works_once_there_is_room(town: people.Town) -> None:
    with faults.SmallDisk(town.site, "files", 40) as disk:
        report = town.ask(town.apart, "strategy", "fr")
        town.wait_for_job(report, "failed")
        assert town.job(report)[2:] == (1, "no_space")
        assert "There was no room to store the file." in town.words_of(town.apart, report)
        assert list(disk.folder.rglob("*.part")) == []
        disk.grow(4000)
        town.ask_again(town.apart, report)
        town.wait_for_job(report, "done", "writing", 1)
        town.assert_made_once(town.apart, report)


def test_a_file_store_that_refuses_is_said(town: people.Town, writers: list[people.Writer]) -> None:
    writer = writers[1]
    town.rows("UPDATE accounts_user SET language = 'fr' WHERE email = %s RETURNING id", writer.email)
    with faults.SmallDisk(town.site, "files", 4000) as disk:
        disk.close()
        answer = add_evidence(writer, "written with the store closed")
        assert answer.status_code == 422
        assert "Le fichier n’a pas pu être enregistré" in answer.text
        report = town.ask(town.apart, "strategy", "fr")
        town.wait_for_job(report, "failed", "writing", 1, "store_closed")
        assert "The place where files are kept cannot be written." in town.words_of(town.apart, report)
        disk.open()
        town.ask_again(town.apart, report)
        town.wait_for_job(report, "done", "writing", 1)
        town.assert_made_once(town.apart, report)
    town.assert_nothing_lost(writers)


# ── The mail server ──────────────────────────────────────────────────────────
def test_mails_wait_for_their_server_and_are_sent_twice_under_one_name_at_most(town: people.Town) -> None:
    waiting, refused = town.expert, next(iter(town.projects.values()))[0]

    def ask_for_password(address: str) -> None:
        page = "/accounts/password/reset/"
        assert town.site.visitor().submit(page, {"email": address}, page=page).status_code == 302

    def mail(address: str) -> tuple[str, int, str, bool]:
        query = f"SELECT state, attempt, problem, sent_at IS NOT NULL {OF_MAIL} ORDER BY m.id DESC LIMIT 1"
        return next(iter(town.rows(query, address)), ("", 0, "", False))

    def put_off(address: str) -> list[tuple[bool]]:
        return town.rows(f"SELECT detail LIKE 'ConnectionRefusedError%%' {OF_MAIL}", address)

    ask_for_password(waiting)
    servers.wait_for("it was tried in vain", lambda: put_off(waiting) == [(True,)], seconds=60)
    with post_office(MAIL_PORT) as office:
        office.is_silent = True
        servers.wait_for("it is sent, and nobody says so", lambda: len(office.of(waiting)) == 1, seconds=90)
        for part in town.site.parts["worker"]:
            faults.send(part.pids(), signal.SIGKILL)
        office.is_silent = False
        for part in town.site.parts["worker"]:
            part.stop()
            part.start()
        town.let_leases_run_out()
        servers.wait_for("it is sent", lambda: mail(waiting)[0] == "done", seconds=90)
        assert mail(waiting)[2:] == ("", True)
        first, second = office.of(waiting)
        assert first["Message-ID"] == second["Message-ID"] != ""
        assert first.get_payload() == second.get_payload()

        office.refuses.add(refused)
        ask_for_password(refused)
        servers.wait_for("it failed", lambda: mail(refused)[0] == "failed", seconds=60)
        assert mail(refused) == ("failed", 1, "mail_refused", False)
        assert office.of(refused) == []
