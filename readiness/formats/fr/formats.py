from typing import Any

from django.utils import dateformat, translation


def _ordinal(moment: Any) -> str:
    """What follows the day of the month: "er" after the first in French, and what Django has elsewhere."""
    if (translation.get_language() or "").startswith("fr"):
        return "er" if moment.data.day == 1 else ""
    return _english_ordinal(moment)


# Django's `S` knows English only, and no format can say "1er mai" otherwise. French alone asks for it here.
_english_ordinal = dateformat.DateFormat.S
dateformat.DateFormat.S = _ordinal

DATE_FORMAT = "jS\xa0F Y"
SHORT_DATE_FORMAT = "jS\xa0F"
TIME_FORMAT = "G\xa0\\h\xa0i"
DATETIME_FORMAT = "jS\xa0F Y à G\xa0\\h\xa0i"
DECIMAL_SEPARATOR = ","
THOUSAND_SEPARATOR = "\u202f"
NUMBER_GROUPING = 3
DATE_INPUT_FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y"]
