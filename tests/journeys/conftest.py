import pytest
from playwright.sync_api import expect

MILLISECONDS = 20_000  # what may be waited for, on a machine that does other things too


@pytest.fixture(autouse=True)
def _patience() -> None:
    expect.set_options(timeout=MILLISECONDS)


@pytest.fixture(scope="session")
def base_url() -> str:
    """Each test gives its own site's. In place of pytest-base-url's fixture, of which pytest 9 warns."""
    return ""
