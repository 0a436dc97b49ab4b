"""The language of what is being written or shown."""

from django.conf import settings
from django.utils import translation


def active_language() -> str:
    """That of the page, the mail or the document that is being made; the site's own where none was chosen."""
    return translation.get_language() or settings.LANGUAGE_CODE
