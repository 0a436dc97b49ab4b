"""docker-compose.yml as an engine reads it: variables put in, each service's command, environment and health check."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).resolve().parent.parent / "docker-compose.yml"
VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\})")
UNITS = {"s": 1, "m": 60}


class Missing(Exception):
    """A variable that the file insists on has no value; the text is what the file says of it."""


def read(variables: dict[str, str]) -> dict[str, Any]:
    """The whole file. Raises Missing for a variable that must be set and is not."""
    whole: dict[str, Any] = filled(yaml.safe_load(FILE.read_text()), variables)
    return whole


def filled(value: Any, variables: dict[str, str]) -> Any:
    def fill(found: re.Match[str]) -> str:
        name, kind, rest = found["name"], found["kind"], found["rest"]
        if name is None:
            return "$"
        if kind == "?" and not variables.get(name):
            raise Missing(rest)
        return variables.get(name) or rest or ""

    if isinstance(value, dict):
        return {key: filled(inner, variables) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, variables) for inner in value]
    return VARIABLE.sub(fill, value) if isinstance(value, str) else value


@dataclass(frozen=True)
class Service:
    command: list[str]
    environment: dict[str, str]
    health: list[str]  # the command; empty when it has none
    stop_signal: str
    grace: int  # seconds from asking it to stop until it is killed


def services(variables: dict[str, str]) -> dict[str, Service]:
    return {
        name: Service(
            command=shlex.split(found.get("command", "")),
            environment={key: str(value) for key, value in found.get("environment", {}).items()},
            health=health(found.get("healthcheck", {}).get("test", [])),
            stop_signal=found.get("stop_signal", "SIGTERM"),
            grace=seconds(found.get("stop_grace_period", "10s")),
        )
        for name, found in read(variables)["services"].items()
    }


def health(test: str | list[str]) -> list[str]:
    if isinstance(test, str):
        return ["sh", "-c", test]
    return test[1:]  # after CMD


def seconds(duration: str) -> int:
    return int(duration[:-1]) * UNITS[duration[-1]]
