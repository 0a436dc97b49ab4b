"""docker-compose.yml, Dockerfile and nginx.conf, without an engine: valid, without secrets, closed to what they can."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from django.conf import settings

from tests import compose, servers

ROOT = Path(__file__).resolve().parents[2]
GIVEN = {**servers.VARIABLES, "SITE_URL": "https://readiness.example"}
SERVICES = compose.read(GIVEN)["services"]
REQUIRED = ["POSTGRES_PASSWORD", "SITE_URL", "SECRET_KEY", "TLS_CERTIFICATE", "TLS_KEY"]


def test_compose_file_is_valid():
    """As the Compose Specification's own schema says (tests/fixtures/compose)."""
    schema = json.loads((ROOT / "tests" / "fixtures" / "compose" / "schema.json").read_text())
    jsonschema.validators.validator_for(schema).check_schema(schema)
    jsonschema.validate(compose.read(GIVEN), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"services": {"web": {"imagee": "readiness"}}}, schema)


@pytest.mark.parametrize("name", REQUIRED)
def test_what_must_be_set_is_asked_for(name):
    with pytest.raises(compose.Missing, match=f"^set {name} in .env$"):
        compose.read({key: value for key, value in GIVEN.items() if key != name})


def test_no_secret_has_a_default():
    """What is not given is empty: the application does without (no mail server, no figures) or does not start."""
    bare = compose.services({name: f"given-{name}" for name in REQUIRED})
    for service in bare.values():
        for name, value in service.environment.items():
            if re.search("PASSWORD|SECRET|TOKEN|KEY|EMAIL_URL", name):
                assert value in {"", f"given-{name}"}
    assert {name for service in bare.values() for name in service.environment} >= {"METRICS_TOKEN", "ADMIN_PASSWORD"}


def test_settings_are_those_that_are_listed():
    listed = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    for name in ("prepare", "web", "worker", "clock"):
        assert set(SERVICES[name]["environment"]) - {"TMPDIR"} <= listed


@pytest.mark.parametrize("name", SERVICES)
def test_service_is_closed_and_bounded(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"] == {"max-size": "20m", "max-file": "5"}
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert service["restart"] == ("no" if name == "prepare" else "unless-stopped")
    assert user_of(service) not in {"", "root", "0", "0:0"}
    if name != "prepare":
        assert {"test", "interval", "timeout", "retries"} <= set(service["healthcheck"])
        assert {"stop_signal", "stop_grace_period"} <= set(service)
    writes = [*service.get("tmpfs", []), *service.get("volumes", [])]
    assert all(entry.startswith("/") or ":ro" in entry or entry.partition(":")[0] in compose.read(GIVEN)["volumes"]
               for entry in writes)  # fmt: skip


def user_of(service: dict) -> str:
    """Who it runs as: the service says, or the last word of its stage of the Dockerfile."""
    if "user" in service:
        return service["user"]
    stages = re.split(r"^FROM .* AS (\w+)$", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    stage = dict(zip(stages[1::2], stages[2::2], strict=True))[service["build"]["target"]]
    return re.findall(r"^USER (\S+)$", stage, re.MULTILINE)[-1]


def test_only_the_proxy_is_reached_from_outside():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert compose.read(GIVEN)["networks"]["inside"] == {"internal": True}
    assert {name for name, service in SERVICES.items() if service["networks"] == ["inside"]} == {"postgres", "redis"}


def test_image_has_what_the_lock_says_and_nothing_of_the_tests():
    text = (ROOT / "Dockerfile").read_text()
    assert "--require-hashes --no-deps -r requirements/run.txt" in text
    assert {"tests", ".git", ".env", "var"} <= set((ROOT / ".dockerignore").read_text().splitlines())


def test_proxy_lets_pass_what_the_application_takes():
    text = (ROOT / "readiness" / "deploy" / "nginx.conf").read_text()
    pages, evidence = sorted(int(size) * 1024 * 1024 for size in re.findall(r"client_max_body_size (\d+)m;", text))
    assert pages >= settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert evidence >= settings.LARGEST_UPLOAD


def test_deployment_check_finds_nothing(tmp_path):
    """`manage.py check --deploy` with the very environment of the web service; a warning is an error."""
    environment = {**compose.services(GIVEN)["web"].environment, "DATA_DIR": str(tmp_path), "PATH": os.environ["PATH"]}
    result = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level=WARNING"], cwd=ROOT, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")
