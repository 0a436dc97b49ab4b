"""`make security`: looks for holes in code, settings and a private running site; exit 1 on a finding nobody explained.

1. bandit over our code; 2. Django's deployment check; 3. wapiti, signed in as three people, and sqlmap, over the
addresses that a crawl finds, against the demonstration on a free port; 4. 20,000 broken inputs (tests/security).
What is found and harmless stands, with its reason, in SECURITY.md: `bandit B101 *`. Parts can be named: `bandit fuzz`.
Known faults of packages are not looked up: pip-audit needs an advisory service (SECURITY.md says how to run it).
"""

import contextlib
import fnmatch
import hashlib
import html
import http.server
import json
import os
import re
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import requests

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from readiness import environment  # noqa: E402
from tests import servers  # noqa: E402
from tests.security.pages import Form, forms_of, links_of  # noqa: E402

OURS = ["readiness", "reports", "assessments", "projects", "toolkit", "accounts", "foundation", "scripts", "manage.py"]
LOCK = ROOT / "requirements" / "security.txt"
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
PEOPLE = ("focal", "expert", "ib")
PASSWORD = "demo-readiness"
MODULES = "cookieflags,crlf,csp,csrf,exec,file,http_headers,ldap,methods,permanentxss,redirect,sql,upload,xss"
CRAWL_SECONDS, MODULE_SECONDS = 30, 8  # of wapiti, for each person
SQLMAP_SECONDS, TARGET_SECONDS = 210, 30
PAGES = 60  # that the crawl for sqlmap reads, for each person
FUZZ = [
    "-q",
    "-n",
    "2",
    "-p",
    "no:randomly",
    "--show-capture=no",
    "--hypothesis-profile=fuzz",
    "tests/security/test_fuzz.py",
]


class Site(Protocol):
    """What sqlmap needs to know of where it looks."""

    @property
    def url(self) -> str: ...
    @property
    def folder(self) -> Path: ...


@dataclass(frozen=True)
class Place:
    url: str
    folder: Path


@dataclass(frozen=True)
class Signed:
    """A person's session on the private site."""

    name: str
    session: requests.Session

    @property
    def cookies(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.session.cookies.items())


def main(wanted: list[str]) -> int:
    began, found = time.monotonic(), []
    for name in wanted or PARTS:
        start = time.monotonic()
        findings = sorted(set(PARTS[name]()))
        found += findings
        print(f"• {name}: {len(findings)} findings ({time.monotonic() - start:.0f} s)", flush=True)
    explained = explanations()
    new = [finding for finding in found if not any(fnmatch.fnmatchcase(finding, pattern) for pattern in explained)]
    print(f"\n{len(found) - len(new)} findings are explained in SECURITY.md; {len(new)} are not:" if new else
          f"\n{len(found)} findings, all explained in SECURITY.md.")  # fmt: skip
    print("".join(f"    {finding}\n" for finding in new), end="")
    print(f"It took {(time.monotonic() - began) / 60:.1f} minutes.")
    return 1 if new else 0


def explanations() -> list[str]:
    """The patterns of SECURITY.md's last table: the first cell of each row, in back quotes."""
    return re.findall(r"^\| `([^`]+)` \|", (ROOT / "SECURITY.md").read_text(encoding="utf-8"), re.MULTILINE)


# ── Tools, in an environment of their own ────────────────────────────────────


def tools() -> Path:
    """Where the scanners are; installed from their lock when that is new."""
    data = environment.folder("DATA_DIR", ROOT / "var")
    place = data / "security-tools" / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    if not (place / "complete").exists():
        print("• installing the scanners", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
        pip: list[str | Path] = [place / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", LOCK], check=True, stderr=subprocess.DEVNULL)
        (place / "complete").touch()
    return place / "bin"


def bandit() -> Iterator[str]:
    command: list[str | Path] = [tools() / "bandit", "-r", *OURS, "-x", "*/migrations/*", "-f", "json", "-q"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    for row in json.loads(result.stdout)["results"]:
        yield f"bandit {row['test_id']} {row['filename']}"


def deployment() -> Iterator[str]:
    """Django's own check, with the settings of a site behind https."""
    with tempfile.TemporaryDirectory(prefix="readiness-security-") as folder:
        variables = servers.site_environment(
            Path(folder), 8000, SITE_URL="https://readiness.example", SECRET_KEY=secrets.token_urlsafe(64)
        )
        command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level=WARNING"]
        result = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
        yield from (f"deployment {code}" for code in re.findall(r"\((\w+\.[EWC]\d+)\)", result.stderr))
        if result.returncode and "WARNINGS" not in result.stderr:
            yield f"deployment {result.stderr.strip()[-200:]}"


# ── A private site ───────────────────────────────────────────────────────────


@contextlib.contextmanager
def private_site() -> Iterator[servers.Site]:
    """The demonstration on a free port; its limits off, as what they refuse is not looked at."""
    with (
        tempfile.TemporaryDirectory(prefix="readiness-security-", ignore_cleanup_errors=True) as folder,
        servers.site(Path(folder) / "var", seconds=600, UPLOADS_PER_HOUR="100000") as site,
    ):
        yield site


def sign_in(site: servers.Site, name: str) -> Signed:
    session = requests.Session()
    page = session.get(f"{site.url}/accounts/login/", timeout=30)
    form = {"login": f"{name}@demo.example", "password": PASSWORD, "csrfmiddlewaretoken": token_of(page.text)}
    session.post(f"{site.url}/accounts/login/", form, timeout=30).raise_for_status()
    assert session.get(f"{site.url}/profile/", timeout=30).url.endswith("/profile/"), name
    return Signed(name, session)


def token_of(page: str) -> str:
    return html.unescape(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0])


def named(address: str) -> str:
    """A path with every id replaced, so that a finding has the same name on every run."""
    return UUID.sub("…", urlsplit(address).path)


def faults(site: servers.Site) -> Iterator[str]:
    """Requests that ended in an error of ours, by the log, of which it prints what it says: the site is gone then."""
    log = site.log.read_text(errors="replace")
    for found in re.finditer(r"Internal Server Error: (\S+)", log):
        print(log[found.start() : found.start() + 6000], flush=True)
        yield f"fault {named(found[1])[:200]}"


def scanners() -> Iterator[str]:
    place = tools()
    with private_site() as site, ThreadPoolExecutor(3) as three:
        people = [sign_in(site, name) for name in PEOPLE]
        targets = [target for person in people for target in crawl(site, person)]
        for findings in three.map(lambda person: wapiti(place, site, person), people):
            yield from findings
        people = [sign_in(site, name) for name in PEOPLE]  # whoever was signed out on the way
        by_name = {person.name: person for person in people}
        unlike = {(target.method, named(target.url), *sorted(target.fields)): target for target in targets}
        until = time.monotonic() + SQLMAP_SECONDS
        jobs = sorted((target for target in unlike.values() if target.fields), key=lambda target: len(target.fields))
        attacked = three.map(lambda target: sqlmap(place, site, by_name[target.person], target, until), jobs)
        results = list(attacked)
        require_notices_a_hole(place, people[0])
        print(
            f"  sqlmap: {sum(result is not None for result in results)} of {len(jobs)} forms and addresses", flush=True
        )
        for result in results:
            yield from result or []
        yield from faults(site)


# ── wapiti ───────────────────────────────────────────────────────────────────


def wapiti(place: Path, site: servers.Site, person: Signed) -> list[str]:
    folder = site.folder.parent / f"wapiti-{person.name}"
    folder.mkdir()
    (folder / "cookies.json").write_text(json.dumps({"127.0.0.1": {"/": {
        name: {"value": value, "version": 0, "secure": False, "expires": None, "port": None}
        for name, value in person.session.cookies.items()
    }}}))  # fmt: skip
    command: list[str | Path] = [
        place / "wapiti", "-u", f"{site.url}/", "-m", MODULES, "-c", folder / "cookies.json", "-f", "json", "-dr", "2",
        "-o", folder / "report.json", "--store-session", folder, "--store-config", folder, "--no-bugreport", "-v", "0",
        "--max-scan-time", str(CRAWL_SECONDS), "--max-attack-time", str(MODULE_SECONDS), "--tasks", "4",
        "-x", f"{site.url}/accounts/logout/", "-x", f"{site.url}/static/*",
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        subprocess.run(command, stdout=log, stderr=log, check=False, timeout=1800)
    if not (folder / "report.json").exists():
        raise RuntimeError(f"wapiti as {person.name} wrote no report: {(folder / 'log').read_text()[-3000:]}")
    report = json.loads((folder / "report.json").read_text())
    pages = {named(url) for url in re.findall(rf"{site.url}(/[^\s'\"]*)", json.dumps(report["infos"]["crawled_pages"]))}
    inside = sum(page.startswith("/projects/") for page in pages)
    print(f"  wapiti as {person.name}: {len(pages)} addresses, {inside} of them behind the sign-in", flush=True)
    return [
        f"wapiti {category}: {entry['method']} {named(entry['path'])} {entry.get('parameter') or ''}".strip()
        for part in ("vulnerabilities", "anomalies")
        for category, entries in report[part].items()
        for entry in entries
    ] + ([] if inside else [f"wapiti as {person.name} saw no project"])


# ── sqlmap ───────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Target:
    person: str
    method: str
    url: str
    fields: dict[str, str]


def crawl(site: servers.Site, person: Signed) -> Iterator[Target]:
    """Every form and every address with a question, on the pages that the person reaches first."""
    waiting, seen = ["/"], {"/"}
    for _page in range(PAGES):
        if not waiting:
            return
        address = waiting.pop(0)
        with person.session.get(urljoin(site.url, address), timeout=30, stream=True) as response:
            if not response.headers.get("Content-Type", "").startswith("text/html"):
                continue
            page = response.text
        for form in forms_of(urlsplit(response.url).path, page):
            yield Target(person.name, form.method, urljoin(site.url, form.action), texts(form))
        for link in links_of(page):
            path = urlsplit(urljoin(response.url, link))
            if path.query and path.netloc == urlsplit(site.url).netloc:
                yield Target(person.name, "get", f"{site.url}{path.path}", dict(parse_qsl(path.query)))
            plain = named(path.path)
            if path.netloc == urlsplit(site.url).netloc and plain not in seen and not path.path.startswith("/static/"):
                seen.add(plain)
                waiting.append(path.path)


def texts(form: Form) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in form.fields}


def sqlmap(place: Path, site: Site, person: Signed, target: Target, until: float) -> list[str] | None:
    """What sqlmap finds in the fields of the target; None when there was no time left."""
    seconds = min(TARGET_SECONDS, until - time.monotonic())
    if seconds < 5:
        return None
    token = token_of(person.session.get(f"{site.url}/profile/", timeout=30).text)
    question, address = urlencode(target.fields), target.url
    command: list[str | Path] = [
        place / "sqlmap", "--batch", "--level", "2", "--risk", "1", "--threads", "2", "--disable-coloring",
        "--dbms", "SQLite", "--technique", "BEU", "--timeout", "10", "--retries", "0",
        "--time-limit", str(int(seconds)), "--cookie", person.cookies, "--headers", f"X-CSRFToken: {token}",
        "--ignore-code", "*", "--drop-set-cookie", "-p", ",".join(target.fields),
        "--output-dir", site.folder.parent / f"sqlmap-{secrets.token_hex(4)}",
    ]  # fmt: skip
    command += ["-u", address, "--data", question] if target.method == "post" else ["-u", f"{address}?{question}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    said = result.stdout + result.stderr
    if "injection point(s)" in said:
        return [
            f"sqlmap {target.method.upper()} {named(address)} {name}" for name in re.findall(r"Parameter: (\S+)", said)
        ]
    if "unhandled exception" in said.lower() or "usage:" in said.lower():
        raise RuntimeError(said[-2000:])
    return []


class Hole(http.server.BaseHTTPRequestHandler):
    """Puts what it is asked into a query as it is: what the product must not do."""

    def do_GET(self) -> None:
        wanted = dict(parse_qsl(urlsplit(self.path).query)).get("q", "")
        with contextlib.closing(sqlite3.connect(":memory:")) as database:
            database.execute("CREATE TABLE land (name TEXT, code TEXT)")
            database.executemany("INSERT INTO land VALUES (?, ?)", [(f"n{number}", "x") for number in range(9)])
            try:
                said = repr(database.execute(f"SELECT * FROM land WHERE name = '{wanted}'").fetchall())
            except sqlite3.Error as error:
                said = repr(error)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f'{said}<input name="csrfmiddlewaretoken" value="none">'.encode())

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


def require_notices_a_hole(place: Path, person: Signed) -> None:
    """The same sqlmap with the same options finds the hole of a page that has one: its silence means something."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hole) as server, tempfile.TemporaryDirectory() as folder:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        site = Place(f"http://127.0.0.1:{server.server_port}", Path(folder) / "var")
        found = sqlmap(place, site, person, Target("", "get", f"{site.url}/find", {"q": "n1"}), time.monotonic() + 120)
        server.shutdown()
    if found != ["sqlmap GET /find q"]:
        raise RuntimeError(f"sqlmap does not notice a hole: {found}")


# ── Broken inputs ────────────────────────────────────────────────────────────


def fuzz() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="readiness-fuzz-") as folder:
        variables = {**os.environ, "DATA_DIR": folder}
        result = subprocess.run(
            [sys.executable, "-m", "pytest", *FUZZ],
            cwd=ROOT,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
    print(f"  {result.stdout.strip().splitlines()[-1]}", flush=True)
    for line in re.findall(r"^(?:FAILED|ERROR) (\S+)", result.stdout, re.MULTILINE):
        yield f"fuzz {line}"
    if result.returncode:
        print(result.stdout[-20_000:])
        yield "fuzz did not pass"


PARTS: dict[str, Callable[[], Iterator[str]]] = {
    "bandit": bandit, "deployment": deployment, "scanners": scanners, "fuzz": fuzz,
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
