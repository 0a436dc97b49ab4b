"""What a person does with their own account."""

from accounts.models import User


def save_profile(*, by: User, name: str, language: str, time_zone: str) -> None:
    by.name, by.language, by.time_zone = name, language, time_zone
    by.save(update_fields=["name", "language", "time_zone"])


def choose_language(language: str, *, by: User) -> None:
    by.language = language
    by.save(update_fields=["language"])
