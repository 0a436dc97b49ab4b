"""What the drills do to a site: hold it at one place, end its servers and start them again, fill its disk."""

import os
import resource
import shlex
import signal
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from tests import servers


def send(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


@contextmanager
def held(address: str, event: str, table: str, condition: str = "true") -> Iterator[None]:
    """Whoever does that to such a row of the table waits, with what it has done before not yet committed."""
    with closing(psycopg2.connect(address)) as database, database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(1)")
        cursor.execute(
            "CREATE FUNCTION drill() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END'"
        )
        cursor.execute(
            f"CREATE TRIGGER drill BEFORE {event} ON {table} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION drill()"
        )
        database.commit()
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(1)")
            cursor.execute(f"DROP TRIGGER drill ON {table}")
            cursor.execute("DROP FUNCTION drill()")
            database.commit()


def held_before(address: str, stage: str) -> AbstractContextManager[None]:
    """No job comes to the stage."""
    return held(address, "UPDATE", "foundation_job", f"NEW.stage = '{stage}' AND OLD.stage <> '{stage}'")


class Server:
    """PostgreSQL or Redis of a served site: ended and started again, on the same port and files."""

    def __init__(self, stack: ExitStack, pid: int, command: list[str | Path], place: Path, user: str | None) -> None:
        self.stack, self.pid, self.command, self.place, self.user = stack, pid, command, place, user

    def end(self, number: int) -> None:
        os.kill(self.pid, number)
        servers.wait_for("the server has ended", lambda: not is_alive(self.pid))

    def start(self) -> None:
        again = servers.process(self.command, self.place / "log", last_signal=signal.SIGINT, user=self.user)
        self.pid = self.stack.enter_context(again).pid


def is_alive(pid: int) -> bool:
    """Not ended, nor a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def postgresql_of(site: servers.Served, stack: ExitStack) -> Server:
    place = site.folder / "postgresql"
    pid = int((place / "files" / "postmaster.pid").read_text().split()[0])
    command: list[str | Path] = [*shlex.split((place / "files" / "postmaster.opts").read_text())]
    return Server(stack, pid, command, place, "postgres" if os.geteuid() == 0 else None)


def port_of(address: str) -> str:
    return str(urlsplit(address).port)


def redis_of(site: servers.Served, stack: ExitStack) -> Server:
    place = site.folder / "redis"
    port = port_of(site.redis_url)
    asked = subprocess.run(["redis-cli", "-p", port, "info", "server"], capture_output=True, text=True, check=True)
    [pid] = [line.partition(":")[2] for line in asked.stdout.splitlines() if line.startswith("process_id:")]
    command: list[str | Path] = [
        "redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", place, "--save", "", "--appendonly", "no",
    ]  # fmt: skip
    return Server(stack, int(pid), command, place, None)


class SmallDisk:
    """A small disk in place of a folder. Only root may mount one: without, no process may write a larger file."""

    def __init__(self, site: servers.Served, folder: str, kilobytes: int) -> None:
        self.site, self.folder, self.kilobytes = site, site.folder / "var" / folder, kilobytes
        self.is_mounted = os.geteuid() == 0

    def __enter__(self) -> "SmallDisk":
        if self.is_mounted:
            size = f"size={self.kilobytes}k,mode=0777"
            subprocess.run(["mount", "-t", "tmpfs", "-o", size, "drill", self.folder], check=True)
        else:
            self.limit(self.kilobytes * 1024)
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", self.folder], check=True)
        else:
            self.limit(resource.RLIM_INFINITY)
            self.folder.chmod(0o755)

    def grow(self, kilobytes: int) -> None:
        if self.is_mounted:
            self._remount(f"size={kilobytes}k")
        else:
            self.limit(kilobytes * 1024)

    def close(self) -> None:
        """Nothing can be written there any more."""
        self._remount("ro") if self.is_mounted else self.folder.chmod(0o555)

    def open(self) -> None:
        self._remount("rw") if self.is_mounted else self.folder.chmod(0o755)

    def _remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", self.folder], check=True)

    def limit(self, size: int) -> None:
        for part in self.site.parts["web"] + self.site.parts["worker"]:
            for pid in part.pids():
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
