"""Django's own backend for PostgreSQL, which need not ask the server at every request whether it is still there."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Whether a connection that was kept still works.

        A server that stops or throws us out says so, and its word waits on the line. Nothing there: it lives.
        Something there: ask it, as Django does at every request.
        """
        return (self.is_open and self.is_silent) or super().is_usable()

    @property
    def is_open(self) -> bool:
        return self.connection is not None and not self.connection.closed

    @property
    def is_silent(self) -> bool:
        line = select.poll()
        line.register(self.connection.fileno(), select.POLLIN | select.POLLPRI)
        return not line.poll(0)
