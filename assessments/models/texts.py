"""What models of texts and of people's deeds share."""

from django.conf import settings
from django.db import models

USER = settings.AUTH_USER_MODEL


def language_field() -> "models.CharField[str, str]":
    """The language in which a person wrote a text; "" when the row holds no text."""
    return models.CharField(max_length=5, blank=True)
