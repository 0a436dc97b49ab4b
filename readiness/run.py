"""`make run`: prepares, starts web server, worker and clock, restarts what dies, and stops all that it started.

It holds no state: its children lead process groups of their own, and the kernel tells them when it is gone
(PR_SET_PDEATHSIG), so that kill -9 of it leaves nothing behind either.
"""

import contextlib
import fcntl
import http.client
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from django.core.exceptions import ImproperlyConfigured

from readiness import environment as env
from readiness.parent import end_with_parent, ends_with_parent

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
HOST = "127.0.0.1"
SECONDS_TO_END = 8  # then it is killed
LONGEST_PAUSE = 30
DEMO_PEOPLE = {
    "admin": "administrator at the International Bureau",
    "ib": "project manager at the International Bureau",
    "expert": "expert",
    "focal": "national coordinator (focal point)",
    "contributor": "contributor, of the Post",
    "regulator": "contributor, of the regulator",
    "signatory": "signatory",
    "observer": "observer",
}


@dataclass
class Child:
    name: str
    command: list[str | Path]
    orphaned: int = signal.SIGTERM  # what it gets when we are killed
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    start_at: float = 0.0
    pause: float = 1.0
    rest: bytes = field(default=b"", repr=False)  # of a line that is not whole yet

    def start(self, environment: dict[str, str]) -> IO[bytes]:
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=ends_with_parent(self.orphaned),
        )  # fmt: skip
        self.started = time.monotonic()
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        return self.process.stdout

    def put_off(self) -> float:
        """Wait longer each time it dies young; how long from now."""
        lived = time.monotonic() - self.started
        self.pause = 1.0 if lived > LONGEST_PAUSE else min(self.pause * 2, LONGEST_PAUSE)
        self.start_at = time.monotonic() + self.pause
        return self.pause

    def signal_group(self, number: int) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def signal(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)


def children(port: int) -> list[Child]:
    python, gunicorn = sys.executable, BIN / "gunicorn"
    return [
        Child("web", [
            gunicorn, "readiness.wsgi:application", "--config", "python:readiness.gunicorn",
            "--bind", f"{HOST}:{port}", "--graceful-timeout", "5", "--log-level", "warning",
        ]),
        # Orphaned, it ends at once, and its own children with it (readiness/celery.py): the jobs it had are rows, and
        # are done again when their lease has run out.
        Child("worker", [
            # Root, on a machine of its own, is told nothing new by the warning.
            python, "-W", "ignore:You're running the worker", "-m", "celery", "--app", "readiness", "--quiet", "worker",
            "--queues", "celery,documents", "--concurrency", "2", "--without-gossip", "--without-mingle",
            "--without-heartbeat", "--loglevel", "WARNING",
        ], orphaned=signal.SIGKILL),
        Child("clock", [python, "manage.py", "clock"]),
    ]  # fmt: skip


class Supervisor:
    """One thread: reads what the children print, starts them again, ends them."""

    def __init__(self, family: list[Child], environment: dict[str, str]) -> None:
        self.family, self.environment = family, environment
        self.selector = selectors.DefaultSelector()
        self.stopping = 0  # how often it was asked for

    def ask_to_stop(self, *_: object) -> None:
        self.stopping += 1

    def run(self, came_up: Callable[[], bool]) -> None:
        """Until asked to stop. `came_up` is called until it says yes."""
        up = False
        try:
            while not self.stopping:
                self.start_those_due()
                self.print_lines(0.1 if not up else 0.5)
                self.bury()
                up = up or came_up()
        except BrokenPipeError:  # nobody reads what we print any more
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        finally:
            self.stop()

    def start_those_due(self) -> None:
        for child in self.family:
            if child.process is None and time.monotonic() >= child.start_at:
                self.selector.register(child.start(self.environment), selectors.EVENT_READ, child)

    def print_lines(self, seconds: float) -> None:
        for key, _ in self.selector.select(seconds):
            read = os.read(key.fd, 65536)
            if not read:
                self.selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]
            *lines, key.data.rest = (key.data.rest + read).split(b"\n")
            for line in lines:
                tell(key.data.name, line.decode(errors="replace"))

    def bury(self) -> None:
        for child in self.family:
            if child.process is not None and child.process.poll() is not None:
                child.signal_group(signal.SIGKILL)  # its own children, if it left any
                tell(child.name, f"ended ({child.process.returncode}); it starts again in {child.put_off():.0f} s")
                child.process = None

    def stop(self) -> None:
        """Ask, wait, then kill the whole group; a second Ctrl-C kills at once."""
        asked, until = self.stopping, time.monotonic() + SECONDS_TO_END
        for child in self.family:
            child.signal(signal.SIGTERM)
        while time.monotonic() < until and self.stopping == asked and any(self.alive()):
            try:
                self.print_lines(0.1)
            except (BrokenPipeError, OSError):
                time.sleep(0.1)
        for child in self.family:
            child.signal_group(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()

    def alive(self) -> list[Child]:
        return [child for child in self.family if child.process is not None and child.process.poll() is None]


def tell(name: str, line: str) -> None:
    print(f"{name:<6} | {line}", flush=True)


def refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            sys.exit(f"Port {port} may not be opened by this user. Choose one from 1024: make run PORT=8000")
        except OSError:
            sys.exit(
                f"Port {port} is taken by another program (perhaps a Readiness that runs already). "
                f"Stop it, or choose another port: make run PORT={port + 1 if port < 65535 else 8000}"
            )


def hold(folder: Path) -> IO[str]:
    """Keep others from starting on the same folder, for as long as the returned file is open."""
    lock = (folder / "running").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        sys.exit(
            f"Another Readiness (process {lock.read().strip()}) runs on the folder {folder}. "
            "Stop it, or choose another folder: make run DATA_DIR=…"
        )
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def empty(folder: Path) -> Path:
    """For temporary files, those of an earlier run that was killed thrown away."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/accounts/login/")
        return connection.getresponse().status > 0
    except OSError:
        return False
    finally:
        connection.close()


def greeting(port: int, folder: Path) -> str:
    lines = ["", f"Readiness is up: http://{HOST}:{port}", ""]
    if json.loads((folder / "prepared.json").read_text()).get("demo") == "yes":
        password = "the one in DEMO_PASSWORD" if env.text("DEMO_PASSWORD") else "demo-readiness"
        lines += [f"Sign in as one of these; the password is {password}:", ""]
        lines += [f"    {name + '@demo.example':<26}{role}" for name, role in DEMO_PEOPLE.items()]
        lines += [""]
    return "\n".join([*lines, f"What it writes lies in {folder}. Ctrl-C stops everything.", ""])


def prepare(environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "readiness.prepare"],
        cwd=ROOT,
        env=environment,
        preexec_fn=ends_with_parent(signal.SIGKILL),
    )
    try:
        code = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if code:
        sys.exit(code if code > 0 else 1)


def main() -> None:
    if os.environ.get("MAKELEVEL"):
        end_with_parent(signal.SIGTERM, os.getppid())  # `make` was killed
    try:
        port = env.number("PORT", 8000, least=1, most=65535)
        folder = env.folder("DATA_DIR", ROOT / "var")
    except ImproperlyConfigured as error:
        sys.exit(f"Readiness cannot start: {error}")
    refuse_taken_port(port)
    with hold(folder):
        environment = {
            **os.environ,
            "DATA_DIR": str(folder),
            "TMPDIR": str(empty(folder / "tmp")),
            "PYTHONUNBUFFERED": "1",
        }
        supervisor = Supervisor(children(port), environment)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit(130))
        prepare(environment)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, supervisor.ask_to_stop)
        supervisor.run(lambda: came_up(port, folder))


def came_up(port: int, folder: Path) -> bool:
    if not answers(port):
        return False
    print(greeting(port, folder), flush=True)
    return True


if __name__ == "__main__":
    main()
