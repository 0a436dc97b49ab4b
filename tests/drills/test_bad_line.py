"""Saves over a line that loses, delays, doubles and halves what passes, while the servers are restarted."""

import signal
import time

import pytest

from tests import servers
from tests.drills import faults, people
from tests.line import FAULTS, FINE, line

pytestmark = pytest.mark.server
BAD = [fault for bad in FAULTS for fault in (bad, FINE)]  # every second request fares badly


def is_save(request: bytes) -> bool:
    return request.startswith(b"POST ") and b"/answers/" in request.split(b" ", 2)[1]


def test_a_bad_line_and_restarts_lose_no_save_and_make_none_twice(
    town: people.Town, writers: list[people.Writer], postgresql: faults.Server
) -> None:
    began, site = time.monotonic(), town.site
    with line(site.url, BAD, only=is_save, certificate=site.certificate) as bad:
        for writer in writers:
            writer.visitor.url = bad.url
        try:
            with people.busy(writers, at_least=4) as confirmed:
                servers.wait_for("saves arrive", lambda: confirmed() >= 20, seconds=60)
                for web in site.parts["web"]:
                    web.kill(signal.SIGKILL)
                    web.start()
                bad.cut()
                time.sleep(1)
                bad.mend()
                servers.wait_for("a web process is back", site.parts["web"][0].is_healthy, seconds=60)
                soon = confirmed() + 20
                servers.wait_for("saves arrive again", lambda: confirmed() >= soon, seconds=60)
                postgresql.end(signal.SIGINT)  # whoever is connected is cut off
                time.sleep(0.5)
                postgresql.start()
                soon = confirmed() + 40
                servers.wait_for("saves arrive again", lambda: confirmed() >= soon, seconds=60)
        finally:
            for writer in writers:
                writer.visitor.url = site.url
        befell = dict(bad.seen)
    assert all(befell.get(fault, 0) >= 5 for fault in FAULTS), befell
    assert sum(writer.replies[0] for writer in writers) >= 20  # so often was nothing heard of what was sent
    town.assert_nothing_lost(writers)
    assert time.monotonic() - began < 120
