"""SIGKILL: of a worker at each stage of a job, of web processes among saves. One document; no save lost or doubled."""

import fcntl
import os
import select
import signal
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import servers
from tests.drills import faults, people

pytestmark = pytest.mark.server


def part_of(town: people.Town, report: str) -> Path:
    """The temporary file under which the document is written."""
    folder = town.site.folder / "var" / "files" / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{uuid.UUID(report).hex}.part"


def pool(town: people.Town) -> list[int]:
    return [pid for part in town.site.parts["worker"] for pid in part.pids()[1:]]


def kill_pool(town: people.Town) -> None:
    """The processes that do the jobs; the first of each worker starts others. (tests/journeys kills that one too.)"""
    doing = pool(town)
    faults.send(doing, signal.SIGKILL)
    servers.wait_for("they are dead", lambda: not any(map(faults.is_alive, doing)))


# ── Where the worker is when it is killed. Each gives what shows that it is there. ──
Reached = Callable[[str], None]


@contextmanager
def at_claimed(town: people.Town) -> Iterator[Reached]:
    with faults.held_before(town.site.database_url, "gathered"):
        yield lambda report: town.wait_for_job(report, "running", "", 1)


@contextmanager
def at_gathered(town: people.Town) -> Iterator[Reached]:
    with faults.held_before(town.site.database_url, "rendering"):
        yield lambda report: town.wait_for_job(report, "running", "gathered", 1)


@contextmanager
def at_rendering(town: people.Town) -> Iterator[Reached]:
    """In the middle of laying out; stopped there first, as it may be fast."""

    def reached(report: str) -> None:
        town.wait_for_job(report, "running", "rendering", 1)
        faults.send(pool(town), signal.SIGSTOP)
        assert town.job(report)[:2] == ("running", "rendering")

    with faults.held_before(town.site.database_url, "writing"):
        yield reached


@contextmanager
def at_written(town: people.Town) -> Iterator[Reached]:
    """Half of the temporary file is written: it is a pipe of which nobody reads more."""

    def reached(report: str) -> None:
        part = part_of(town, report)
        os.mkfifo(part, 0o666)
        pipe = os.open(part, os.O_RDONLY | os.O_NONBLOCK)
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)  # bytes that it holds
        select.select([pipe], [], [], 60)
        first = os.read(pipe, 1000)
        assert first.startswith(b"%PDF-1.7")
        assert town.job(report)[:2] == ("running", "writing")
        kill_pool(town)
        os.close(pipe)
        part.unlink()
        part.write_bytes(first)  # what would have been left on a disk

    yield reached


@contextmanager
def at_renamed(town: people.Town) -> Iterator[Reached]:
    """The file has its name, its row is not written yet."""

    def reached(report: str) -> None:
        file = part_of(town, report).with_suffix("")
        servers.wait_for("the file has its name", file.exists, seconds=60, every=0.01)
        assert town.job(report)[:2] == ("running", "writing")

    with faults.held(town.site.database_url, "INSERT", "foundation_storedfile"):
        yield reached


@contextmanager
def at_last_update(town: people.Town) -> Iterator[Reached]:
    """All is written but the report's row, with which it is published."""
    waiting = (
        "SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE \"reports_report\"%%'"
    )

    def reached(report: str) -> None:
        servers.wait_for("the last UPDATE waits", lambda: len(town.rows(waiting)) == 1, seconds=60, every=0.01)
        assert part_of(town, report).with_suffix("").exists()
        assert town.job(report)[:2] == ("running", "writing")

    with faults.held(town.site.database_url, "UPDATE", "reports_report"):
        yield reached


@pytest.mark.parametrize(
    ("language", "stage"), [("en", at_claimed), ("fr", at_gathered), ("en", at_rendering), ("fr", at_written),
                            ("en", at_renamed), ("fr", at_last_update)],
)  # fmt: skip
def test_a_worker_killed_at_any_stage_makes_one_document(town: people.Town, language: str, stage: Callable) -> None:
    reached: Reached
    with stage(town) as reached:
        report = town.ask(town.apart, "strategy", language)
        reached(report)
        kill_pool(town)
    assert town.job(report)[0] == "running"
    town.let_leases_run_out()
    town.wait_for_job(report, "done", "writing", 2)
    town.assert_made_once(town.apart, report)


def test_web_processes_killed_among_saves_lose_and_double_none(town: people.Town, writers: list[people.Writer]) -> None:
    with people.busy(writers, at_least=15) as confirmed:
        for web in town.site.parts["web"]:
            soon = confirmed() + 40
            servers.wait_for("saves arrive", lambda soon=soon: confirmed() >= soon, seconds=60)
            faults.send(web.pids()[1:], signal.SIGKILL)  # those that answer; the first starts others
        whole = town.site.parts["web"][0]
        faults.send(whole.pids(), signal.SIGKILL)
        whole.stop()
        whole.start()
    assert sum((writer.replies for writer in writers), start=type(writers[0].replies)())[200] >= 300
    town.assert_nothing_lost(writers)
    town.site.wait_until_healthy("web")
