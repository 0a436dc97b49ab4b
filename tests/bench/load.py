"""The load generator: many people over HTTP/1.1, each on a connection kept open. `python -m tests.bench.load < plan`.

The plan (JSON on standard input): {"host", "port", "clients": [[request, …], …], "seconds", "pause", "order"}.
A client takes its requests one after the other, from the top again until the seconds are over; or in the order given
by their numbers, each client from another place of it. "pause" is the time between the starts of two of its requests
(0: none). A request is {"method", "path", "cookie", "csrf", "save": {…}}; a save's base number goes up with each reply,
and each has a new save id, as the page's script does it.
The result (JSON on standard output): milliseconds of each reply, those to saves and those of pages apart too, statuses
that were not expected, confirmed saves, and the number on which the next save of each request is to be based.
"""

import asyncio
import json
import random
import sys
import time
import uuid
from typing import Any
from urllib.parse import urlencode

EXPECTED = {200}


class Line:
    """One connection to the server, opened again when the server closed it."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.reader: Any = None
        self.writer: Any = None

    async def ask(self, head: bytes, body: bytes) -> tuple[int, bytes]:
        """Status and body of the reply."""
        for is_fresh in (self.reader is None, True):
            if self.reader is None:
                self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
            try:
                self.writer.write(head + body)
                return await self.reply()
            except (asyncio.IncompleteReadError, ConnectionError):
                self.close()
                if is_fresh:  # only a connection that was kept may have been closed before we wrote
                    break
        return 0, b""

    async def reply(self) -> tuple[int, bytes]:
        lines = (await self.reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(b":") for line in lines[1:])}
        if headers.get(b"transfer-encoding") == b"chunked":
            body = b""
            while size := int(await self.reader.readline(), 16):
                body += (await self.reader.readexactly(size + 2))[:-2]
            await self.reader.readexactly(2)
        else:
            body = await self.reader.readexactly(int(headers.get(b"content-length", b"0")))
        if headers.get(b"connection", b"").lower() == b"close":
            self.close()
        return int(lines[0].split()[1]), body

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


def written(request: dict[str, Any], host: str, save_id: str) -> tuple[bytes, bytes]:
    """The request as it goes over the line: head and body."""
    body = b""
    lines = [f"{request['method']} {request['path']} HTTP/1.1", f"Host: {host}", "Accept-Encoding: gzip, br"]
    if cookie := request.get("cookie"):
        lines.append(f"Cookie: {cookie}")
    if save := request.get("save"):
        code = save["code"]
        save["turn"] = save.get("turn", 0) + 1
        fields = {name: values[save["turn"] % len(values)] for name, values in save["fields"].items()}
        fields |= {f"{code}:base": save["base"], f"{code}:save_id": save_id}
        body = urlencode(fields).encode()
        lines += [
            "Accept: application/json", f"X-CSRFToken: {request['csrf']}",
            "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}",
        ]  # fmt: skip
    return ("\r\n".join(lines) + "\r\n\r\n").encode(), body


class Outcome:
    def __init__(self) -> None:
        self.milliseconds: list[float] = []
        self.apart: dict[str, list[float]] = {"save": [], "page": []}
        self.unexpected: dict[str, int] = {}
        self.saves: list[tuple[str, int]] = []  # confirmed: save id, number

    def add(self, request: dict[str, Any], save_id: str, status: int, body: bytes, seconds: float) -> None:
        self.milliseconds.append(seconds * 1000)
        self.apart["save" if "save" in request else "page"].append(seconds * 1000)
        if status not in EXPECTED:
            self.unexpected[str(status)] = self.unexpected.get(str(status), 0) + 1
        elif "save" in request:
            number = json.loads(body)["number"]
            request["save"]["base"] = number
            self.saves.append((save_id, number))


async def person(plan: dict[str, Any], number: int, outcome: Outcome, until: float) -> None:
    line, pause, turn, requests = Line(plan["host"], plan["port"]), plan.get("pause", 0), 0, plan["clients"][number]
    order = plan.get("order") or range(len(requests))
    first = number if plan.get("order") else 0
    due = time.monotonic() + random.random() * pause
    while due < until and turn < plan.get("turns", sys.maxsize):
        await asyncio.sleep(max(0, due - time.monotonic()))
        request, save_id = requests[order[(first + turn) % len(order)]], str(uuid.uuid4())
        head, body = written(request, f"{plan['host']}:{plan['port']}", save_id)
        began = time.monotonic() if not pause else due  # who is late waits too: no coordinated omission
        status, reply = await line.ask(head, body)
        outcome.add(request, save_id, status, reply, time.monotonic() - began)
        turn += 1
        due = due + pause if pause else time.monotonic()
    line.close()


async def run(plan: dict[str, Any]) -> Outcome:
    outcome, began = Outcome(), time.monotonic()
    until = began + plan.get("seconds", 3600)
    await asyncio.gather(*(person(plan, number, outcome, until) for number in range(len(plan["clients"]))))
    return outcome


def main() -> None:
    plan = json.load(sys.stdin)
    began = time.monotonic()
    outcome = asyncio.run(run(plan))
    bases = [[request.get("save", {}).get("base") for request in requests] for requests in plan["clients"]]
    json.dump(vars(outcome) | {"seconds": time.monotonic() - began, "bases": bases}, sys.stdout)


if __name__ == "__main__":
    main()
