"""A mail server that takes messages, refuses addresses for good, or takes a message and never says so."""

import email
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message


class PostOffice(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int) -> None:
        self.messages: list[Message] = []
        self.refuses: set[str] = set()
        self.is_silent = False
        super().__init__(("127.0.0.1", port), Clerk)

    def of(self, address: str) -> list[Message]:
        return [message for message in self.messages if message["To"] == address]


class Clerk(socketserver.StreamRequestHandler):
    server: PostOffice

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.say("220 drill")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "QUIT":
                return self.say("221 bye")
            if verb == "RCPT" and any(address in line for address in self.server.refuses):
                self.say("550 no such person")
            elif verb == "DATA":
                self.say("354 go on")
                self.server.messages.append(email.message_from_bytes(b"".join(self.body())))
                if self.server.is_silent:
                    self.rfile.read()  # until the other one is gone
                    return None
                self.say("250 taken")
            else:
                self.say("250 yes")
        return None

    def body(self) -> Iterator[bytes]:
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            yield line


@contextmanager
def post_office(port: int) -> Iterator[PostOffice]:
    with PostOffice(port) as office:
        thread = threading.Thread(target=office.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield office
        finally:
            office.shutdown()
