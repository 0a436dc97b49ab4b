"""Browsers without a server, for the tests of pages."""

from typing import Any

from django.test import Client

from accounts.models import User


def signed_in(user: User, **options: Any) -> Client:
    """A browser in which the person is signed in; `options` as Django's client takes them."""
    client = Client(**options)
    client.force_login(user)
    return client
