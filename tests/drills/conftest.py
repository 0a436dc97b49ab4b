"""One served site for all drills, which leave it as they found it: everything runs, nothing waits."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests import servers
from tests.drills import faults, people

MAIL_PORT = servers.free_port()  # nobody listens there until a drill does


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[people.Town]:
    settings = {"CLOCK_SECONDS": "1", "WRITES_PER_MINUTE": "100000", "EMAIL_URL": f"smtp://127.0.0.1:{MAIL_PORT}"}
    with servers.served(tmp_path_factory.mktemp("drills") / "site", clocks=1, **settings) as site:
        yield people.settled(site)


@pytest.fixture(scope="session")
def writers(town: people.Town) -> list[people.Writer]:
    return town.writers()


@pytest.fixture(scope="session")
def _servers() -> Iterator[ExitStack]:
    """What was started again ends with the tests."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="session")
def postgresql(town: people.Town, _servers: ExitStack) -> faults.Server:
    return faults.postgresql_of(town.site, _servers)


@pytest.fixture(scope="session")
def redis(town: people.Town, _servers: ExitStack) -> faults.Server:
    return faults.redis_of(town.site, _servers)
