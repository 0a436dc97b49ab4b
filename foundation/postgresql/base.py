"""Django's own backend for PostgreSQL, which need not ask the server at every request whether it is still there."""

import select

from django.db.backends.postgresql import base
from psycopg2.extensions import TRANSACTION_STATUS_IDLE


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Whether a connection that was kept still works.

        A server that stops or throws us out says so, and its word waits on the line. Nothing there: it lives.
        Something there, or a transaction that was left open or failed: ask it, as Django does at every request.
        """
        return (self.is_idle and self.is_silent) or super().is_usable()

    @property
    def is_idle(self) -> bool:
        """Open, and in no transaction."""
        return self.connection is not None and self.connection.get_transaction_status() == TRANSACTION_STATUS_IDLE

    @property
    def is_silent(self) -> bool:
        line = select.poll()
        line.register(self.connection.fileno(), select.POLLIN | select.POLLPRI)
        return not line.poll(0)
