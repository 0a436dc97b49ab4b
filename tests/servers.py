"""Private servers for tests, each in a folder of its own on a free port, that end with the test process.

As context managers: `postgresql(folder)` and `redis(folder)` give an address, `site(folder, **environment)` a running
Readiness (the same runner as `make run`), `served(folder, web=2, workers=2, clocks=2)` the processes of
docker-compose.yml behind nginx.
"""

import contextlib
import http.client
import os
import pwd
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from readiness.parent import ends_with_parent
from tests import compose

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


def give_to(user: str, place: Path) -> None:
    """Make the folder the user's, and let them come to it."""
    shutil.chown(place, user, pwd.getpwnam(user).pw_gid)
    for parent in place.parents:
        with contextlib.suppress(PermissionError):
            parent.chmod(parent.stat().st_mode | 0o011)


@contextlib.contextmanager
def postgresql(folder: Path, *, durable: bool = False) -> Iterator[str]:
    """A PostgreSQL without fsync, unless durable; its address. It refuses root, so then it runs as `postgres`."""
    user = "postgres" if os.geteuid() == 0 else None
    place, port = folder / "postgresql", free_port()
    place.mkdir(parents=True)
    if user:
        give_to(user, place)
    options: dict[str, Any] = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
    subprocess.run(
        [
            POSTGRESQL / "initdb", "-D", place / "files", "-U", "readiness", "-A", "trust", "-E", "UTF8",
            "--locale=C.UTF-8", "-N",
        ],
        check=True, stdout=subprocess.DEVNULL, cwd=place, **options,
    )  # fmt: skip
    settings = {"max_connections": "200"}
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
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
        return manage(self.environment, *arguments, input=input)

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
    """The variables of a site of its own: none of the settings of whoever runs the tests.

    A test's people write as fast as they can, unless it says how fast a person may.
    """
    ours = {"DATABASE_URL", "REDIS_URL", "SITE_URL", "SECRET_KEY", "MAKELEVEL", "MAKEFLAGS", "DEMO", "DEBUG"}
    return {
        **{name: value for name, value in os.environ.items() if name not in ours and not name.startswith("COV_")},
        "DATA_DIR": str(folder), "PORT": str(port), "DJANGO_SETTINGS_MODULE": "readiness.settings",
        "WRITES_PER_MINUTE": "1000000", **environment,
    }  # fmt: skip


@contextlib.contextmanager
def site(folder: Path, *, seconds: float = 120, place: Path = ROOT, **environment: str) -> Iterator[Site]:
    """Start Readiness as `make run` does and wait until it says that it is up; stop it with SIGTERM.

    `place`: where its code is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port, log = free_port(), folder.with_suffix(".log")
    variables = site_environment(folder, port, **environment)
    with log.open("wb") as stream:
        runner = subprocess.Popen(
            [sys.executable, "-m", "readiness.run"], cwd=place, env=variables, stdin=subprocess.DEVNULL, stdout=stream,
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


# ── Served: the processes of docker-compose.yml ──────────────────────────────
VARIABLES = {  # what stands in .env
    "POSTGRES_PASSWORD": "unused",
    "SECRET_KEY": "a-key-for-tests-only-of-at-least-fifty-characters-or-more",
    "ADMIN_EMAIL": "first@ib.example",
    "ADMIN_PASSWORD": "a-long-enough-password",
    "METRICS_TOKEN": "a-token-for-tests-only-of-at-least-32-characters",
    "TLS_CERTIFICATE": "certificate.pem",
    "TLS_KEY": "key.pem",
}


@dataclass
class Part:
    """One process of a service, with what it starts: as the file says, but for addresses, ports and folders."""

    name: str  # web1, web2, worker1 …
    service: compose.Service
    replaced: dict[str, str]
    environment: dict[str, str]
    log: Path
    user: str | None = None
    process: subprocess.Popen[bytes] | None = None
    place: Path = ROOT  # where its code is

    def replace(self, words: list[str]) -> list[str]:
        return [replaced_in(word, self.replaced) for word in words]

    def start(self) -> None:
        with self.log.open("ab") as stream:
            self.process = subprocess.Popen(
                self.replace(self.service.command), cwd=self.place, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=stream, stderr=subprocess.STDOUT, preexec_fn=ends_with_parent(signal.SIGTERM),
                user=self.user, group=pwd.getpwnam(self.user).pw_gid if self.user else None,
                extra_groups=[] if self.user else None,
            )  # fmt: skip

    def is_healthy(self) -> bool:
        """What the file's own check says."""
        check = subprocess.run(
            self.replace(self.service.health), cwd=ROOT, env=self.environment, capture_output=True, check=False
        )
        return check.returncode == 0

    def pids(self) -> list[int]:
        """Its process first, then those that it started."""
        return sorted(processes_with(f"HOME={self.environment['HOME']}"))

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send the signal to the process and wait for its end; what it started ends with it, as in a container."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(timeout=self.service.grace)
        self.kill_what_is_left()

    def kill_what_is_left(self) -> None:
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_for(f"nothing of {self.name} is left", lambda: not self.pids())

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.Signals[self.service.stop_signal])

    def stop(self) -> None:
        """As the engine does: ask, wait as long as the file says, kill."""
        self.ask_to_stop()
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=self.service.grace)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        self.kill_what_is_left()

    def restart(self) -> None:
        self.stop()
        self.start()


@dataclass
class Served:
    """A running served mode. `parts["worker"][0].kill()` and `.start()` change it."""

    url: str  # of the proxy; of the first web process without it
    folder: Path
    certificate: Path
    database_url: str
    redis_url: str
    environment: dict[str, str]  # of manage.py and of prepare
    parts: dict[str, list[Part]] = field(default_factory=dict)
    addresses: list[str] = field(default_factory=list)  # of the web processes themselves

    def every_part(self) -> list[Part]:
        return [part for parts in self.parts.values() for part in parts]

    def manage(self, *arguments: str, input: str | None = None) -> str:
        """What `manage.py` prints, on this site's database."""
        return manage(self.environment, *arguments, input=input)

    def visitor(self) -> "Visitor":
        return Visitor(self.url, self.certificate)

    def signed_in(self, email: str, password: str) -> "Visitor":
        visitor = self.visitor()
        visitor.sign_in(email, password)
        return visitor

    def log(self, role: str) -> str:
        """What all processes of a service wrote, one after the other."""
        return "".join(part.log.read_text() for part in self.parts[role])

    def wait_until_healthy(self, *roles: str, seconds: float = 90) -> None:
        for role in roles or self.parts:
            for part in self.parts[role]:
                wait_for(f"{part.name} is healthy (see {part.log})", part.is_healthy, seconds=seconds, every=0.5)


class Visitor(requests.Session):
    """A browser without scripts: keeps cookies, trusts the test's certificate, sends forms with their token."""

    def __init__(self, url: str, certificate: Path) -> None:
        super().__init__()
        self.url, self.verify, self.trust_env = url, str(certificate), False
        self.headers["Accept-Language"] = "en"

    def open(self, path: str, **options: Any) -> requests.Response:
        return self.get(self.url + path, timeout=60, **options)

    def token(self, path: str) -> str:
        """The token of the forms on that page."""
        page = self.open(path).text
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert found, f"no form on {path}"
        return found[1]

    def submit(self, path: str, form: dict[str, Any] | None = None, *, page: str, **options: Any) -> requests.Response:
        """Post the form to the path, from the page that it stands on. Redirects are not followed."""
        data = {"csrfmiddlewaretoken": self.token(page), **(form or {})}
        headers = {"Referer": self.url + page, **options.pop("headers", {})}
        return self.post(self.url + path, data=data, headers=headers, timeout=60, allow_redirects=False, **options)

    def sign_in(self, email: str, password: str) -> None:
        page = "/accounts/login/"
        answer = self.submit(page, {"login": email, "password": password}, page=page)
        assert answer.status_code == 302, f"{email} could not sign in: {answer.status_code}"


def manage(environment: dict[str, str], *arguments: str, input: str | None = None) -> str:
    result = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, input=input, text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    if result.returncode:
        raise RuntimeError(f"manage.py {' '.join(arguments)}: {result.stdout}{result.stderr}")
    return result.stdout


def replaced_in(text: str, replaced: dict[str, str]) -> str:
    """The text with every key replaced by its value, in one pass: what was put in is not replaced again."""
    keys = sorted(replaced, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, keys)), lambda found: replaced[found[0]], text)


@contextlib.contextmanager
def name_server(addresses: list[str]) -> Iterator[str]:
    """Answers every question with these addresses, as the engine's name server does for `web`; where it listens."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))
    records = b"".join(struct.pack("!HHHIH", 0xC00C, 1, 1, 2, 4) + socket.inet_aton(address) for address in addresses)

    def answer() -> None:
        while (asked := listener.recvfrom(512))[0]:
            query, asker = asked
            question = query[12 : query.index(b"\0", 12) + 5]
            header = query[:2] + struct.pack("!HHHHH", 0x8180, 1, len(addresses), 0, 0)
            listener.sendto(header + question + records, asker)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.sendto(b"", listener.getsockname())
        thread.join(timeout=5)
        listener.close()


def make_certificate(folder: Path) -> Path:
    """A certificate and its key for 127.0.0.1, signed by itself."""
    folder.mkdir(parents=True)
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", folder / "key.pem", "-out", folder / "certificate.pem",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    (folder / "key.pem").chmod(0o644)
    return folder / "certificate.pem"


@contextlib.contextmanager
def proxy(folder: Path, service: compose.Service, *, web: list[str], web_port: int, port: int) -> Iterator[Part]:
    """Debian's nginx with the project's configuration, before web processes at these addresses."""
    place = folder / "proxy"
    certificate = make_certificate(place / "tls")
    user = "www-data" if os.geteuid() == 0 else None
    for name in ("state", "tmp"):
        (place / name).mkdir()
        if user:
            give_to(user, place / name)
    with name_server(web) as names:
        replaced = {
            "/etc/nginx/tls": str(certificate.parent), "/etc/nginx/readiness.conf": str(place / "nginx.conf"),
            "/var/lib/nginx": str(place / "state"), "/tmp/": f"{place / 'tmp'}/",
            "listen 8080": f"listen 127.0.0.1:{free_port()}", "listen 8443": f"listen 127.0.0.1:{port}",
            "127.0.0.1:8443": f"127.0.0.1:{port}", "127.0.0.11": names, "web:8000": f"web:{web_port}",
        }  # fmt: skip
        configuration = (ROOT / "readiness" / "deploy" / "nginx.conf").read_text()
        (place / "nginx.conf").write_text(replaced_in(configuration, replaced))
        environment = {"PATH": f"/usr/sbin:{os.environ['PATH']}", "HOME": str(place)}
        part = Part("proxy1", service, replaced, environment, place / "log", user)
        part.log.touch()
        if user:
            shutil.chown(part.log, user)
        part.start()
        try:
            wait_for(f"nginx listens (see {part.log})", lambda: accepts(port))
            yield part
        finally:
            part.stop()


@contextlib.contextmanager
def served(
    folder: Path, *, web: int = 2, workers: int = 2, clocks: int = 2, nginx: bool = True, database_url: str = "",
    redis_url: str = "", **environment: str,
) -> Iterator[Served]:  # fmt: skip
    """Start what docker-compose.yml names, prepared and each web process ready, on a PostgreSQL and a Redis of its own.

    `environment` is added to that of every process. Workers and clocks are started, not waited for
    (`wait_until_healthy("worker")`).
    """
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        database_url = database_url or stack.enter_context(postgresql(folder))
        redis_url = redis_url or stack.enter_context(redis(folder))
        web_port, port = free_port(), free_port()
        hosts = [f"127.0.0.{number + 1}" for number in range(web)]
        addresses = [f"http://{host}:{web_port}" for host in hosts]
        url = f"https://127.0.0.1:{port}" if nginx else addresses[0]
        services = compose.services({**VARIABLES, "SITE_URL": url})
        environment.setdefault("WRITES_PER_MINUTE", "1000000")  # as in site_environment
        if not nginx:
            environment.setdefault("BEHIND_PROXY", "no")

        def part(role: str, number: int) -> Part:
            name, host = f"{role}{number + 1}", hosts[number % web]
            own = folder / name
            (own / "tmp").mkdir(parents=True)
            replaced = {
                "postgres://readiness:unused@postgres:5432/readiness": database_url, "redis://redis:6379/0": redis_url,
                "/var/lib/readiness": str(folder / "var"), "/tmp/": f"{own / 'tmp'}/", "%h": name,
                "0.0.0.0:8000": f"{host}:{web_port}", "127.0.0.1:8000": f"{host}:{web_port}",
            }  # fmt: skip
            variables = {
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(own), "HOSTNAME": name,
                "PYTHONUNBUFFERED": "1",
                **{key: replaced_in(value, replaced) for key, value in services[role].environment.items()},
                **environment,
            }  # fmt: skip
            return Part(name, services[role], replaced, variables, folder / f"{name}.log")

        (folder / "var" / "tmp").mkdir(parents=True, exist_ok=True)
        prepare = part("prepare", 0)
        site = Served(
            url, folder, folder / "proxy" / "tls" / "certificate.pem", database_url, redis_url, prepare.environment,
            addresses=addresses,
        )  # fmt: skip
        prepare.start()
        assert prepare.process is not None
        if prepare.process.wait(timeout=300):
            raise RuntimeError(f"prepare failed: {prepare.log.read_text()}")
        numbers = {"web": web, "worker": workers, "clock": clocks}
        site.parts = {role: [part(role, number) for number in range(many)] for role, many in numbers.items()}
        stack.callback(stop_all, site)
        for started in site.every_part():
            started.start()
        site.wait_until_healthy("web")
        if nginx:
            in_front = proxy(folder, services["proxy"], web=hosts, web_port=web_port, port=port)
            site.parts["proxy"] = [stack.enter_context(in_front)]
        yield site


def stop_all(site: Served) -> None:
    """Ask all at once, then wait for each."""
    for part in site.every_part():
        part.ask_to_stop()
    for part in site.every_part():
        part.stop()
