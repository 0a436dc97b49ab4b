"""Asking a ClamAV daemon about a file, in its own protocol (INSTREAM: the bytes go over the socket)."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import pack

CHUNK = 64 * 1024  # bytes sent at once
PATIENCE = 60  # seconds without a byte
INFECTED = re.compile(r"^stream: (?P<signature>.+) FOUND$")


class Away(Exception):
    """The daemon does not answer, or answered nonsense: ask again later."""


class TooLarge(Exception):
    """The daemon takes no file of this size (its StreamMaxLength)."""


@contextmanager
def connected(address: str) -> Iterator[socket.socket]:
    """`address`: host:port, or the path of a unix socket."""
    family = socket.AF_UNIX if address.startswith("/") else socket.AF_INET
    place: str | tuple[str, int] = address
    if family == socket.AF_INET:
        host, _colon, port = address.rpartition(":")
        place = (host, int(port))
    with socket.socket(family, socket.SOCK_STREAM) as line:
        line.settimeout(PATIENCE)
        line.connect(place)
        yield line


def scan(path: Path, address: str) -> str:
    """The name of what is wrong with the file; "" when nothing is. Raises Away, TooLarge."""
    try:
        with connected(address) as line, path.open("rb") as stream:
            try:
                line.sendall(b"zINSTREAM\0")
                while chunk := stream.read(CHUNK):
                    line.sendall(pack("!L", len(chunk)) + chunk)
                line.sendall(pack("!L", 0))
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has said why
            reply = b""
            while not reply.endswith(b"\0") and (part := line.recv(4096)):
                reply += part
    except OSError as error:
        raise Away(repr(error)) from error
    return verdict(reply.rstrip(b"\0").decode(errors="replace").strip())


def verdict(said: str) -> str:
    """What the daemon's line means: the signature, or "" for a clean file. Raises Away, TooLarge."""
    if said == "stream: OK":
        return ""
    if found := INFECTED.match(said):
        return found["signature"]
    if "size limit exceeded" in said:
        raise TooLarge(said)
    raise Away(f"clamd said {said!r}")
