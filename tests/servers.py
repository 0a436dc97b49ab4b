"""Private servers for tests, each in a folder of its own on a free port, that end with the test process.

As context managers: `postgresql(folder)` and `redis(folder)` give an address, `site(folder, **environment)` a running
Readiness (the same runner as `make run`).
"""

import contextlib
import http.client
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from readiness.parent import ends_with_parent

ROOT = Path(__file__).resolve().parent.parent
POSTGRESQL = Path("/usr/lib/postgresql/15/bin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, holds: Callable[[], bool], *, seconds: float = 30, every: float = 0.1) -> None:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(every)


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def process(
    command: list[str | Path], log: Path, *, last_signal: int = signal.SIGTERM, user: str | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the command until the block ends, or this process does; what it prints goes to `log`."""
    with log.open("ab") as stream:
        running = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT, cwd=log.parent, user=user,
            group=pwd.getpwnam(user).pw_gid if user else None, extra_groups=[] if user else None,
            preexec_fn=ends_with_parent(last_signal),
        )  # fmt: skip
    try:
        yield running
    finally:
        running.send_signal(last_signal)
        try:
            running.wait(timeout=20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


@contextlib.contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A PostgreSQL without fsync; its address. It refuses to run as root, so then it runs as `postgres`."""
    user = "postgres" if os.geteuid() == 0 else None
    place, port = folder / "postgresql", free_port()
    place.mkdir(parents=True)
    if user:
        shutil.chown(place, user, pwd.getpwnam(user).pw_gid)
        for parent in (folder, *folder.parents):
            with contextlib.suppress(PermissionError):
                parent.chmod(parent.stat().st_mode | 0o011)
    options: dict[str, Any] = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
    subprocess.run(
        [
            POSTGRESQL / "initdb", "-D", place / "files", "-U", "readiness", "-A", "trust", "-E", "UTF8",
            "--locale=C.UTF-8", "-N",
        ],
        check=True, stdout=subprocess.DEVNULL, cwd=place, **options,
    )  # fmt: skip
    settings = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}
    command: list[str | Path] = [
        POSTGRESQL / "postgres", "-D", place / "files", "-p", str(port), "-k", place, "-h", "127.0.0.1",
        *(f"--{name}={value}" for name, value in settings.items()),
    ]  # fmt: skip
    ready: list[str | Path] = [POSTGRESQL / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    with process(command, place / "log", last_signal=signal.SIGINT, user=user):
        wait_for("PostgreSQL answers", lambda: subprocess.run(ready, check=False).returncode == 0)
        subprocess.run(
            [POSTGRESQL / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "readiness", "readiness"], check=True
        )
        yield f"postgres://readiness@127.0.0.1:{port}/readiness"


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    place, port = folder / "redis", free_port()
    place.mkdir(parents=True)
    command: list[str | Path] = [
        "redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", place, "--save", "", "--appendonly", "no",
    ]  # fmt: skip
    with process(command, place / "log"):
        wait_for("Redis answers", lambda: accepts(port))
        yield f"redis://127.0.0.1:{port}/0"


@dataclass
class Site:
    """A running Readiness."""

    url: str
    folder: Path
    log: Path
    runner: subprocess.Popen[bytes]
    environment: dict[str, str]

    def manage(self, *arguments: str, input: str | None = None) -> str:
        """What `manage.py` prints, on this site's database."""
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment, input=input, text=True,
            capture_output=True, check=False,
        )  # fmt: skip
        if result.returncode:
            raise RuntimeError(f"manage.py {' '.join(arguments)}: {result.stdout}{result.stderr}")
        return result.stdout

    def processes(self) -> dict[int, str]:
        """Every living process of this site: the runner, what it started, and what that started."""
        return processes_with(f"DATA_DIR={self.folder}")

    def pids(self, *words: str) -> list[int]:
        return [pid for pid, command in self.processes().items() if all(word in command for word in words)]


def processes_with(variable: str) -> dict[int, str]:
    """The command lines, by number, of the processes that have the variable in their environment."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if variable.encode() in (entry / "environ").read_bytes().split(b"\0"):
                found[int(entry.name)] = (
                    (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                )
    return found


def site_environment(folder: Path, port: int, **environment: str) -> dict[str, str]:
    """The variables of a site of its own: none of the settings of whoever runs the tests."""
    ours = {"DATABASE_URL", "REDIS_URL", "SITE_URL", "SECRET_KEY", "MAKELEVEL", "MAKEFLAGS", "DEMO", "DEBUG"}
    return {
        **{name: value for name, value in os.environ.items() if name not in ours and not name.startswith("COV_")},
        "DATA_DIR": str(folder), "PORT": str(port), "DJANGO_SETTINGS_MODULE": "readiness.settings", **environment,
    }  # fmt: skip


@contextlib.contextmanager
def site(folder: Path, *, seconds: float = 120, **environment: str) -> Iterator[Site]:
    """Start Readiness as `make run` does and wait until it says that it is up; stop it with SIGTERM."""
    folder.mkdir(parents=True, exist_ok=True)
    port, log = free_port(), folder.with_suffix(".log")
    variables = site_environment(folder, port, **environment)
    with log.open("wb") as stream:
        runner = subprocess.Popen(
            [sys.executable, "-m", "readiness.run"], cwd=ROOT, env=variables, stdin=subprocess.DEVNULL, stdout=stream,
            stderr=subprocess.STDOUT, preexec_fn=ends_with_parent(signal.SIGTERM),
        )  # fmt: skip
    running = Site(f"http://127.0.0.1:{port}", folder, log, runner, variables)
    try:
        wait_for("Readiness is up", lambda: runner.poll() is not None or "is up" in log.read_text(), seconds=seconds)
        if runner.poll() is not None:
            raise RuntimeError(f"Readiness ended ({runner.returncode}): {log.read_text()}")
        yield running
    finally:
        runner.send_signal(signal.SIGTERM)
        runner.wait(timeout=30)


def status_of(url: str, path: str = "/accounts/login/") -> int:
    """The status that the site answers with; 0 when nothing answers."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()
