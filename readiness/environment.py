"""Typed readers of the environment that refuse nonsense with a sentence naming the variable."""

import os
import re
import secrets
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "yes", "true", "on"}, {"0", "no", "false", "off", ""}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool = False) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.strip().lower() in TRUE:
        return True
    if value.strip().lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is “{value}”; it takes yes or no.")


def number(name: str, default: int, *, least: int, most: int) -> int:
    value = text(name)
    if not value:
        return default
    if not re.fullmatch(r"\d{1,9}", value) or not least <= int(value) <= most:
        raise ImproperlyConfigured(f"{name} is “{value}”; it takes a whole number from {least} to {most}.")
    return int(value)


def names(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def one_of(name: str, allowed: list[str], default: str) -> str:
    value = text(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is “{value}”; it takes one of: {', '.join(allowed)}.")
    return value


def url(name: str, schemes: tuple[str, ...]) -> str:
    value = text(name)
    if value and not value.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        raise ImproperlyConfigured(f"{name} must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}.")
    return value


def place(name: str) -> str:
    """host:port, or the path of a unix socket; "" when the variable is empty."""
    value = text(name)
    host, _colon, port = value.rpartition(":")
    if value and not value.startswith("/") and not (host and port.isdecimal() and int(port) < 65536):
        raise ImproperlyConfigured(f"{name} is “{value}”; it takes host:port, or the path of a socket.")
    return value


def database(name: str) -> dict[str, Any] | None:
    """The database of a postgres:// address, as Django's settings want it; None when the variable is empty."""
    value = url(name, ("postgres", "postgresql"))
    return {**environ.Env.db_url_config(value), "ENGINE": "foundation.postgresql"} if value else None


def folder(name: str, default: Path) -> Path:
    path = Path(text(name, str(default))).expanduser().resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"{name} is “{path}”, a folder that cannot be made: {error.strerror}.") from error
    if not os.access(path, os.W_OK):
        raise ImproperlyConfigured(f"{name} is “{path}”, a folder that cannot be written to.")
    return path


def keys(name: str) -> list[str]:
    """Keys separated by commas, each long enough."""
    found = names(name)
    if any(len(key) < 32 for key in found):
        raise ImproperlyConfigured(f"{name} is too short; it takes at least 32 characters.")
    return found


def secret(name: str, file: Path) -> str:
    """The variable, or the key kept in `file` (made once, mode 0600)."""
    if value := text(name):
        if len(value) < 32:
            raise ImproperlyConfigured(f"{name} is too short; it takes at least 32 characters.")
        return value
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text().strip()
    with os.fdopen(descriptor, "w") as stream:
        stream.write(secrets.token_urlsafe(64))
    return file.read_text().strip()
