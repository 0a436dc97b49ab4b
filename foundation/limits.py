"""How often a person may do a thing, counted in the cache that all processes share."""

import time

from django.core.cache import cache


def wait(what: str, who: object, *, most: int, seconds: int) -> int:
    """Count one more in the running stretch of so many seconds; for how many one has to wait, 0 within the limit.

    A cache that is away or full counts nothing and so stops nobody.
    """
    now = int(time.time())
    key = f"limit:{what}:{who}:{now // seconds}"
    try:
        cache.add(key, 0, timeout=2 * seconds)
        count = cache.incr(key)
    except (ValueError, OSError):  # gone between the two lines; no place on the disk
        return 0
    return seconds - now % seconds if count > most else 0
