"""Who is signed in, looked up at every request: Django's own sessions and people, by queries that are written once."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import User
from foundation.statements import Statement

SESSION = Statement(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now),
    "key", "now",
)  # fmt: skip
USER = Statement(lambda pk: User.objects.filter(pk=pk, is_active=True), "pk")


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Session | None:
        found = SESSION(key=self.session_key, now=timezone.now())
        if not found:
            self._session_key = None
            return None
        return found[0]


class Backend(AuthenticationBackend):  # type: ignore[misc]
    def get_user(self, user_id: Any) -> User | None:
        return next(iter(USER(pk=user_id)), None)
