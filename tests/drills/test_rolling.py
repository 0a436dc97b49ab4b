"""A new release: web processes restarted one after the other, workers asked to end, while people work."""

import signal

import pytest

from tests import servers
from tests.drills import people

pytestmark = pytest.mark.server


def test_a_rolling_restart_fails_no_request_and_no_job(town: people.Town, writers: list[people.Writer]) -> None:
    report = town.ask(town.apart, "toolkit", "en")
    town.wait_for_job(report, "running", "rendering")
    for worker in town.site.parts["worker"]:
        worker.ask_to_stop()
    pages = 0
    with people.busy(writers, at_least=5, patient=False) as confirmed:
        for web in town.site.parts["web"]:
            soon = confirmed() + 40
            servers.wait_for("saves arrive", lambda soon=soon: confirmed() >= soon, seconds=60)
            assert web.service.stop_signal == signal.SIGTERM.name
            web.stop()
            for _ in range(5):
                assert town.manager.open(f"/projects/{town.apart}/deliverables/").status_code == 200
                pages += 1
            web.start()
            servers.wait_for(f"{web.name} is ready", web.is_healthy, seconds=90, every=0.5)
    for worker in town.site.parts["worker"]:
        worker.stop()
        assert worker.process.returncode == 0
        worker.start()
    town.wait_for_job(report, "done", "writing", 1)  # finished by whoever had it, at its first attempt
    town.assert_made_once(town.apart, report)
    town.assert_nothing_lost(writers)
    assert pages == 10
