"""How often a person may do a thing, counted in the cache that all processes share."""

import time

from django.core.cache import cache


def wait(what: str, who: object, *, most: int, seconds: int) -> int:
    """Count one more in the running stretch of so many seconds; for how many one has to wait, 0 within the limit.

    A cache that is away or full counts nothing and so stops nobody.
    """
    key = _key(what, who, seconds)
    try:
        count = _counted(key, keep=2 * seconds)
    except (ValueError, OSError):  # gone between two lines; no place on the disk
        return 0
    return _rest(seconds) if count > most else 0


def is_reached(what: str, who: object, *, most: int, seconds: int) -> bool:
    """Whether so many were counted in the running stretch; counts nothing itself."""
    try:
        return int(cache.get(_key(what, who, seconds), 0)) >= most
    except OSError:
        return False


def _key(what: str, who: object, seconds: int) -> str:
    return f"limit:{what}:{who}:{int(time.time()) // seconds}"


def _rest(seconds: int) -> int:
    """Of the running stretch."""
    return seconds - int(time.time()) % seconds


def _counted(key: str, *, keep: int) -> int:
    """One more under the key, which is kept for so many seconds; how many there are."""
    try:
        return cache.incr(key)
    except ValueError:  # nobody counted yet
        return 1 if cache.add(key, 1, timeout=keep) else cache.incr(key)
