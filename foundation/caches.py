"""The served mode's cache: missed while it is away, never waited for. In it lie only copies and counts."""

import logging
import time
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")
PAUSE = 5  # seconds for which it is not asked again


class Client(RedisCacheClient):
    """Keeps the one client it has, and counts in one question, where Django's asks first whether there is a count."""

    kept: Any = None
    COUNT = "return redis.call('exists', KEYS[1]) == 1 and redis.call('incrby', KEYS[1], ARGV[1])"

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        self.kept = self.kept or super().get_client(key, write=write)
        return self.kept

    def incr(self, key: str, delta: int) -> int:
        count = self.get_client(key, write=True).eval(self.COUNT, 1, key, delta)
        if count is None:
            raise ValueError(f"Key '{key}' not found.")
        return int(count)


class ForgivingRedisCache(RedisCache):
    """As Django's; but while Redis does not answer it holds nothing, and limits that count in it let everyone pass."""

    away_until: ClassVar[float] = 0.0  # for all threads of a process

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        patience = {"socket_timeout": 1, "socket_connect_timeout": 1}  # seconds
        super().__init__(server, {**params, "OPTIONS": patience | params.get("OPTIONS", {})})
        self._class = Client

    def _ask(self, question: Callable[[], Answer], instead: Answer) -> Answer:
        if time.monotonic() < ForgivingRedisCache.away_until:
            return instead
        try:
            return question()
        except (RedisError, OSError) as error:
            ForgivingRedisCache.away_until = time.monotonic() + PAUSE
            logger.warning("The cache does not answer; going on without it, limits included: %s", error)
            return instead

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        return self._ask(lambda: super(ForgivingRedisCache, self).add(key, value, timeout, version), True)

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._ask(lambda: super(ForgivingRedisCache, self).get(key, default, version), default)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> None:
        return self._ask(lambda: super(ForgivingRedisCache, self).set(key, value, timeout, version), None)

    def delete(self, key: Any, version: Any = None) -> bool:
        return self._ask(lambda: super(ForgivingRedisCache, self).delete(key, version), False)

    def has_key(self, key: Any, version: Any = None) -> bool:
        return self._ask(lambda: super(ForgivingRedisCache, self).has_key(key, version), False)

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> int:
        return self._ask(lambda: super(ForgivingRedisCache, self).incr(key, delta, version), 0)
