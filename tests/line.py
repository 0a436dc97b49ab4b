"""A bad line between people and a site: a proxy that can be cut, that loses, delays, doubles and halves what passes.

It reads each request whole, asks the site on a connection of its own, and passes the reply on as it came. What befalls
the requests, one after the other, is said by a list of faults that begins again at its end.
"""

import asyncio
import contextlib
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

FINE = "fine"
FAULTS = (
    "request lost", "request halved", "request late", "request doubled", "request doubled later",
    "reply lost", "reply halved", "reply late",
)  # fmt: skip


class Line:
    """Listens at `url` and passes on to the site while it is `up`. `seen` counts what befell the requests."""

    def __init__(
        self, site: str, faults: Sequence[str], only: Callable[[bytes], bool], certificate: Path | None
    ) -> None:
        place = urlsplit(site)
        self.host, self.port = place.hostname or "", place.port or 80
        self.upstream = ssl.create_default_context(cafile=certificate) if certificate else None
        self.served: ssl.SSLContext | None = None
        if certificate:
            self.served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.served.load_cert_chain(certificate, certificate.with_name("key.pem"))
        self.faults, self.only = cycle(faults or [FINE]), only
        self.seen: Counter[str] = Counter()
        self.up, self.late, self.url = True, 1.0, ""  # `late`: seconds
        self.writers: set[asyncio.StreamWriter] = set()
        self.server: asyncio.Server | None = None
        self.loop = asyncio.new_event_loop()
        self.later: set[asyncio.Task[bytes]] = set()

    async def open(self) -> None:
        self.server = server = await asyncio.start_server(self.client, "127.0.0.1", 0, ssl=self.served)
        self.url = f"http{'s' if self.served else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """Whoever is connected is cut off; nobody else comes through."""
        self.up = False
        self.loop.call_soon_threadsafe(lambda: [writer.transport.abort() for writer in self.writers])

    def mend(self) -> None:
        self.up = True

    async def client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        try:
            if self.up:
                await self.exchange(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.writers.discard(writer)
            writer.transport.abort() if not self.up else writer.close()

    async def exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request and its reply."""
        request = await read_request(reader)
        fault = next(self.faults) if self.only(request) else FINE
        self.seen[fault] += 1
        if fault == "request lost":
            return
        if fault == "request halved":
            await self.ask(request, len(request) - 20)
            return
        if fault == "request late":
            await asyncio.sleep(self.late)
        if fault == "request doubled":
            twin = asyncio.create_task(self.ask(request))
            reply = await self.ask(request)
            await twin
        else:
            reply = await self.ask(request)
        if fault == "request doubled later":
            self.later.add(asyncio.create_task(self.ask_later(request)))
        if fault == "reply lost" or not reply or not self.up:
            return
        if fault == "reply late":
            await asyncio.sleep(self.late)
        writer.write(reply[: len(reply) - 20] if fault == "reply halved" else reply)
        await writer.drain()

    async def ask(self, request: bytes, most: int | None = None) -> bytes:
        """The site's reply as far as it came; with `most`, the site hears only so many bytes, and then nothing."""
        try:
            reader, writer = await asyncio.open_connection(self.host, self.port, ssl=self.upstream)
        except OSError:
            return b""
        try:
            writer.write(request[:most])
            await writer.drain()
            return await asyncio.wait_for(reader.read(), 60) if most is None else b""
        except (OSError, TimeoutError):
            return b""
        finally:
            writer.transport.abort() if most else writer.close()

    async def ask_later(self, request: bytes) -> bytes:
        await asyncio.sleep(self.late)
        return await self.ask(request)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """A request with its body, that asks for the connection to be closed after the reply."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n")[:-2] if not line.lower().startswith(b"connection:")]
    lengths = [int(line.partition(b":")[2]) for line in lines if line.lower().startswith(b"content-length:")]
    body = await reader.readexactly(lengths[0]) if lengths else b""
    return b"\r\n".join([*lines, b"Connection: close", b"", body])


@contextlib.contextmanager
def line(
    site: str, faults: Sequence[str] = (), *, only: Callable[[bytes], bool] = lambda request: True,
    certificate: Path | None = None,
) -> Iterator[Line]:  # fmt: skip
    """A line to the site, with these faults to those requests that `only` picks. With the certificate it is https."""
    made = Line(site, faults, only, certificate)
    thread = threading.Thread(target=made.loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(made.open(), made.loop).result(10)
    try:
        yield made
    finally:
        asyncio.run_coroutine_threadsafe(end(made), made.loop).result(30)
        made.loop.call_soon_threadsafe(made.loop.stop)
        thread.join(10)
        made.loop.close()


async def end(made: Line) -> None:
    """What is still under way arrives first."""
    if made.server:
        made.server.close()
    await asyncio.gather(*made.later)
    rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
