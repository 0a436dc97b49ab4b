"""The server asks nothing of an address that a person typed: our code has no way to fetch one.

Evidence links are shown, never followed; a document's renderer reads its assets only (tests/reports/test_pdf.py).
In all tests sockets to other hosts are blocked (pytest-socket, pyproject.toml), so a fetch could not pass unseen.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket

from tests.servers import ROOT

APPS = ("readiness", "reports", "assessments", "projects", "toolkit", "accounts", "foundation")
FETCHERS = {
    "aiohttp", "ftplib", "http.client", "httpx", "pycurl", "requests", "smtplib", "socket", "urllib.request", "urllib3",
    "webbrowser", "xmlrpc.client",
}  # fmt: skip
ALLOWED = {  # module → what it opens connections for
    "foundation/clamd.py": {"socket"},  # the daemon that the settings name
    "foundation/tasks.py": {"smtplib"},  # names its errors; mail goes to the server of the settings
    "readiness/run.py": {"http.client", "socket"},  # whether its own web server answers; whether its port is free
}


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def fetchers(file: Path) -> set[str]:
    return {name for name in imports(file) if name in FETCHERS or name.partition(".")[0] in FETCHERS}


def test_no_module_of_ours_can_fetch_an_address():
    found = {
        str(file.relative_to(ROOT)): fetchers(file)
        for app in APPS
        for file in sorted((ROOT / app).rglob("*.py"))
        if fetchers(file)
    }
    assert found == ALLOWED


def test_the_search_would_notice(tmp_path):
    file = tmp_path / "fetching.py"
    file.write_text("def fetch():\n    from urllib import request\n    import requests.sessions\n")
    assert fetchers(file) == {"urllib.request", "requests.sessions"}


def test_no_test_reaches_another_host():
    import socket

    with socket.socket() as outgoing, pytest.raises((UserWarning, pytest_socket.SocketConnectBlockedError)):
        outgoing.connect(("192.0.2.1", 80))
