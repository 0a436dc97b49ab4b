"""Countries as people look for them: by name in their language, sorted without regard to accents."""

import unicodedata
from collections.abc import Iterable

from projects.models import Country, Region


def folded(text: str) -> str:
    """The text for sorting and searching: no accents, no capitals, plain apostrophes."""
    letters = unicodedata.normalize("NFKD", text.replace("’", "'"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold().strip()


def by_name(countries: Iterable[Country], language: str) -> list[Country]:
    return sorted(countries, key=lambda country: folded(country.name.in_(language)))


def choices_by_region(countries: Iterable[Country], language: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """The options of a select: regions in the reader's language, in each its countries as (code, name), both sorted."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for country in by_name(countries, language):
        groups.setdefault(country.region, []).append((country.code, country.name.in_(language)))
    return sorted(
        ((str(Region(region).label), group) for region, group in groups.items()), key=lambda pair: folded(pair[0])
    )
