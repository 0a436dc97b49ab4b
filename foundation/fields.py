"""Fields that every app uses: random public ids, and texts in several languages."""

import uuid
from typing import Any

from django.db import models


def public_id() -> "models.UUIDField[uuid.UUID, uuid.UUID]":
    """The id that addresses carry: random, never a row number."""
    return models.UUIDField(default=uuid.uuid4, unique=True, editable=False)


class Texts(dict[str, str]):
    """A text by language. Reading a language it lacks is an error, never another language in silence."""

    def in_(self, language: str) -> str:
        """The text in `language`; "" for a text that is empty altogether; KeyError when only that language lacks."""
        return self[language] if self else ""


class TextsField(models.JSONField):
    """A text in every language of its framework, stored as JSON: {"fr": …, "en": …}."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", dict)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return Texts(super().from_db_value(value, expression, connection) or {})

    def to_python(self, value: Any) -> Any:
        return Texts(super().to_python(value) or {})
