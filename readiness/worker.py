"""gunicorn's worker with threads, which loses no request when it ends, so that a release may be changed at any time."""

from typing import Any

from gunicorn.workers.gthread import ThreadWorker


class Worker(ThreadWorker):  # type: ignore[misc]
    """Asked to end, it takes what has arrived and closes the door at once; only then it finishes what it has.

    gunicorn's own keeps the door open meanwhile, and who came in through it is sent away at the end: the proxy cannot
    know whether what it sent was done, and must not send it to another process.
    """

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                self.take_arrived(listener)
                listener.close()

    def take_arrived(self, listener: Any) -> None:
        taken = -1
        while taken != self.nr_conns:
            taken = self.nr_conns
            self.accept(listener)
