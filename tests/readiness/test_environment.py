"""Settings come from the environment: each is listed, and a wrong one stops the start with a sentence that names it."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from readiness import environment as env

ROOT = Path(__file__).resolve().parents[2]
READERS = {"text", "flag", "number", "names", "one_of", "url", "database", "folder", "secret", "keys", "place"}
# Set by our own processes for what they start, never by an operator.
OURS = {"DJANGO_SETTINGS_MODULE", "FONTCONFIG_FILE", "MAKELEVEL", "PROMETHEUS_MULTIPROC_DIR"}


def variables_read() -> Iterator[str]:
    """The names in `env.reader("NAME", …)`, `os.environ["NAME"]` and `os.environ.get("NAME", …)` of the product."""
    for app in ("readiness", "foundation", "accounts", "toolkit", "projects", "assessments", "reports"):
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                yield from variable_of(node)


def variable_of(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name("env"), attr=reader), args=[ast.Constant(str(name)), *_]):
            if reader in READERS:
                yield name
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="environ")), args=[ast.Constant(str(name)), *_]):
            yield name
        case ast.Subscript(value=ast.Attribute(attr="environ"), slice=ast.Constant(str(name))):
            yield name


def test_every_variable_is_listed_with_its_meaning():
    lines = (ROOT / ".env.example").read_text().splitlines()
    listed = [
        line[1:].partition("=")[0] for line in lines if line.startswith("#") and line[1:2].isupper() and "=" in line
    ]
    assert sorted(listed) == sorted(set(listed))
    assert set(listed) == set(variables_read()) - OURS


def check(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATA_DIR": str(tmp_path), **variables}
    return subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "80000"),
        ("DATABASE_URL", "mysql://localhost/readiness"),
        ("REDIS_URL", "localhost:6379"),
        ("DEBUG", "perhaps"),
        ("CLAMD", "localhost"),
        ("LOG_LEVEL", "LOUD"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY_FALLBACKS", f"{'x' * 40},short"),
        ("DATA_DIR", "/dev/null/readiness"),
    ],
)
def test_a_wrong_value_stops_the_start(tmp_path, name, value):
    result = check(tmp_path, **{name: value})
    assert result.returncode == 1
    assert result.stderr.startswith(f"Readiness cannot start: {name} ")
    assert "Traceback" not in result.stderr


def test_right_values_start(tmp_path):
    result = check(
        tmp_path, PORT="8001", DEBUG="no", LOG_LEVEL="ERROR", UPLOAD_MEGABYTES="5",
        SITE_URL="https://readiness.example", EMAIL_URL="smtp+tls://ib:secret@mail.example:587",
        REDIS_URL="redis://127.0.0.1:1/0", SECRET_KEY="x" * 40,
        SECRET_KEY_FALLBACKS=f"{'y' * 40}, {'z' * 40}",
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("value", ["0", "21", "-1", "1.5", "ten"])
def test_number_refuses_what_is_outside(monkeypatch, value):
    monkeypatch.setenv("SIZE", value)
    with pytest.raises(ImproperlyConfigured, match=r"^SIZE is “.*”; it takes a whole number from 1 to 20\.$"):
        env.number("SIZE", 5, least=1, most=20)


@pytest.mark.parametrize(("value", "read"), [("yes", True), ("1", True), ("On", True), ("no", False), ("FALSE", False)])
def test_flag_reads_words(monkeypatch, value, read):
    monkeypatch.setenv("FLAG", value)
    assert env.flag("FLAG", default=not read) is read


def test_secret_is_made_once_and_read_by_its_owner_only(tmp_path, monkeypatch):
    monkeypatch.delenv("SECRET_KEY", raising=False)
    file = tmp_path / "secret_key"
    first = env.secret("SECRET_KEY", file)
    assert (env.secret("SECRET_KEY", file), file.stat().st_mode & 0o777) == (first, 0o600)
    assert len(first) >= 50
