"""In the browser: an answer that came too fast stays on the page, says so, and is sent again when there is room."""

from collections.abc import Callable, Iterator

import pytest
import redis
from playwright.sync_api import BrowserContext, expect

from tests import servers
from tests.factories.accounts import PASSWORD
from tests.journeys.browsing import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.server]
COORDINATOR = "coordinator@post.example"
CREATE = f"""
from assessments.outline import national_sheet
from projects.permissions import Role
from tests.factories import assessments, projects
from toolkit.models import FrameworkVersion
project = assessments.opened_project(framework=FrameworkVersion.objects.get(code="dre"))
projects.member(project, Role.COORDINATOR, user__email="{COORDINATOR}")
section = national_sheet(project).instrument.sections.filter(questions__kind="text").order_by("position").first()
print(f"/projects/{{project.public_id}}/sheets/{{section.instrument.code}}/sections/{{section.code}}/")
"""


@pytest.fixture(scope="session")
def base_url() -> str:
    return ""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, redis_server: str) -> Iterator[servers.Site]:
    variables = {
        "DEMO": "no", "ADMIN_EMAIL": "first@ib.example", "ADMIN_PASSWORD": PASSWORD, "WRITES_PER_MINUTE": "1",
        "REDIS_URL": redis_server.removesuffix("/0") + "/3",
    }  # fmt: skip
    with servers.site(tmp_path_factory.mktemp("pace") / "var", seconds=300, **variables) as running:
        yield running


def test_an_answer_that_came_too_fast_is_sent_again_by_itself(
    site: servers.Site, new_context: Callable[..., BrowserContext]
) -> None:
    section = site.manage("shell", "--verbosity=0", "--command", CREATE).strip()
    context = new_context(base_url=site.url)
    page = context.new_page()
    page.clock.install()
    sign_in(page, COORDINATOR, PASSWORD)
    page.goto(section)
    fields, states = page.locator("[data-question] textarea[name$=':value']"), page.locator("[data-state]:visible")
    expect.set_options(timeout=20_000)
    for turn in range(2):  # the second within the same minute, or the third
        fields.first.fill(f"Text {turn}")
        page.clock.run_for(2000)
        expect(states.first).to_contain_text("Saved at" if turn == 0 else "too much came at once")
    with redis.Redis.from_url(site.environment["REDIS_URL"]) as cache:  # the minute is over
        cache.flushdb()
    page.clock.run_for(75_000)
    expect(states.first).to_contain_text("Saved at")
    page.reload()
    expect(fields.first).to_have_value("Text 1")
