"""Measure every row of DESIGN's budgets on this machine; print the table, write bench.json under DATA_DIR.

`python -m tests.bench [--countries 192] [--rounds 5] [--people 10] [--crowd-seconds 60]
[--only pages,saves,browser,line,documents,crowd,sqlite]`
"""

import argparse
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2

from tests import servers

ROOT = servers.ROOT
SECTION = "coordinator /projects/…/sheets/questionnaire/sections/P1.1/"
PARTS = ("pages", "saves", "browser", "line", "documents", "crowd", "sqlite")


@dataclass
class Row:
    """A line of the table. `is_met`: within the budget; None where there is none."""

    what: str
    at: str
    budget: str
    figures: dict[str, Any]
    is_met: bool | None = None
    floor: str = ""

    def __str__(self) -> str:
        mark = {True: "✓", False: "✗", None: " "}[self.is_met]
        figures = ", ".join(f"{name} {shown(value)}" for name, value in self.figures.items())
        beside = "; ".join(filter(None, [self.budget and f"budget {self.budget}", self.floor]))
        return f"{mark} {self.what:<42} {self.at:<38} {figures}" + (f"\n{'':6}{beside}" if beside else "")


def shown(value: Any) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so great a share of the values does not exceed; NaN of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


@dataclass
class Bench:
    """A running site with a world in it, and what was measured on it so far."""

    url: str
    environment: dict[str, str]
    rows: list[Row]
    loads: dict[str, str]

    @property
    def marker(self) -> str:
        """What stands in the environment of each of its processes."""
        return f"DATA_DIR={self.environment['DATA_DIR']}"

    def add(self, row: Row) -> None:
        self.rows.append(row)
        self.loads[f"{row.what}, {row.at}"] = load_average()
        print(row, flush=True)

    def inside(self, verb: str, given: Any = None) -> Any:
        """A verb of tests/bench/inside.py, with this site's settings."""
        result = subprocess.run(
            [sys.executable, "-m", "tests.bench.inside", verb], cwd=ROOT, env=self.environment, check=False,
            input=json.dumps(given or {}), capture_output=True, text=True,
        )  # fmt: skip
        if result.returncode:
            raise RuntimeError(f"{verb}: {result.stderr[-4000:]}")
        return json.loads(result.stdout)

    def load(self, clients: list[list[dict[str, Any]]], **plan: Any) -> dict[str, Any]:
        """Run the load generator: percentiles, replies a second, errors; saves looked up one by one."""
        place = urlsplit(self.url)
        plan |= {"host": place.hostname, "port": place.port, "clients": clients}
        web = [pid for pid, command in servers.processes_with(self.marker).items() if "gunicorn" in command]
        used = processor_seconds(web)
        result = subprocess.run(
            [sys.executable, "-m", "tests.bench.load"], cwd=ROOT, input=json.dumps(plan), capture_output=True,
            text=True, check=True,
        )  # fmt: skip
        used = processor_seconds(web) - used
        outcome = json.loads(result.stdout)
        for requests, bases in zip(clients, outcome["bases"], strict=True):
            for request, base in zip(requests, bases, strict=True):
                if base is not None:
                    request["save"]["base"] = base
        times = outcome["milliseconds"]
        found = {
            "p50": percentile(times, 0.5), "p95": percentile(times, 0.95), "a second": len(times) / outcome["seconds"],
            "errors": sum(outcome["unexpected"].values()), "web CPU ms": used / max(1, len(times)) * 1000,
        }  # fmt: skip
        if all(outcome["apart"].values()):  # people who save and open pages
            for name, apart in outcome["apart"].items():
                found |= {f"{name} p{round(share * 100)}": percentile(apart, share) for share in (0.5, 0.95, 0.99)}
        if outcome["unexpected"]:
            found["statuses"] = outcome["unexpected"]
        if any("save" in request for requests in clients for request in requests):
            found |= self.inside("verify", outcome["saves"])
        return found


def load_average() -> str:
    return " ".join(Path("/proc/loadavg").read_text().split()[:3])


def processor_seconds(pids: list[int]) -> float:
    """What these processes have had of the processors so far."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def is_whole(found: dict[str, Any]) -> bool:
    """No reply failed, and no confirmed save is missing or there twice."""
    return found["errors"] == 0 == found["lost"] == found["doubled"]


# ── Saves and pages ──────────────────────────────────────────────────────────
def measure_ceiling(bench: Bench) -> None:
    static = {"method": "GET", "path": static_path(bench)}
    found = bench.load([[static]] * 20, seconds=5)
    bench.add(Row("load generator's ceiling", "20 clients, a static file", "", found))


def static_path(bench: Bench) -> str:
    names = json.loads((Path(bench.environment["DATA_DIR"]) / "static" / "staticfiles.json").read_text())
    return f"/static/{names['paths']['icon.svg']}"


def measure_saves(bench: Bench, plans: dict[str, Any], floors: dict[str, str]) -> None:
    edits, firsts = plans["edits"], plans["firsts"]
    bench.load([[request] for request in edits], seconds=3)  # every process has the framework in memory
    found = bench.load([edits[:1]], seconds=10) | {"queries": plans["queries"]["edit"]}
    budget = "1 request, ≤ 8 queries, p50 ≤ 12 ms, p95 ≤ 20 ms"
    is_met = is_whole(found) and found["queries"] <= 8 and found["p50"] <= 12 and found["p95"] <= 20
    bench.add(Row("save over an answer", "1 client", budget, found, is_met, floors.get("1", "")))
    found = bench.load([firsts[: len(firsts) // 2]], turns=min(150, len(firsts) // 2))
    found["queries"] = plans["queries"]["first"]
    is_met = is_whole(found) and found["queries"] <= 8 and found["p50"] <= 12 and found["p95"] <= 20
    bench.add(Row("save of a first answer", "1 client", budget, found, is_met))
    budget = "≥ 150 saves/s, p95 ≤ 200 ms, 0 errors, 0 lost"
    for name, clients in (("20 clients on 20 sheets", edits), ("10 clients on one sheet", plans["one"])):
        found = bench.load([[request] for request in clients], seconds=12)
        is_met = is_whole(found) and found["a second"] >= 150 and found["p95"] <= 200
        bench.add(Row("save over an answer", f"{name}, no pause", budget, found, is_met, floors.get(name[:2], "")))


def measure_pages(bench: Bench, pages: list[dict[str, Any]]) -> None:
    asked = bench.inside("queries", pages)
    for page in pages:  # each process has seen it
        bench.load([[page]] * 4, turns=2)
    found = {page["name"]: bench.load([[page]], turns=25) for page in pages}
    for name, at, most, queries in (
        ("questionnaire section", SECTION, 60, 15),
        ("portfolio, 20 a page", "administrator /projects/", 40, 10),
    ):
        figures = found[at] | {"queries": asked[at]}
        is_met = figures["errors"] == 0 and figures["p50"] <= most and asked[at] <= queries
        bench.add(Row(name, "1 client", f"p50 ≤ {most} ms, ≤ {queries} queries", figures, is_met))
    for name, figures in found.items():
        is_met = figures["errors"] == 0 and figures["p95"] <= 250 and asked[name] <= 30
        reader, _space, path = name.partition(" ")
        bench.add(Row(path, f"{reader}, 1 client", "", figures | {"queries": asked[name]}, is_met))
    every = {
        "pages": len(found), "p95 of the slowest": max(figures["p95"] for figures in found.values()),
        "errors": sum(figures["errors"] for figures in found.values()), "queries": max(asked.values()),
    }  # fmt: skip
    is_met = every["errors"] == 0 and every["p95 of the slowest"] <= 250 and every["queries"] <= 30
    bench.add(Row("any page", "the rows above", "≤ 30 queries, p95 ≤ 250 ms", every, is_met))


def measure_crowd(bench: Bench, measure_floor: Callable[[], dict[str, Any]], seconds: int) -> None:
    """All at once, for a minute; and for so many seconds, each also opening a section once a minute.

    The floor comes last: its statements put back the numbers of answers on which people's saves are based.
    """
    requests = bench.inside("crowd")
    saves = [[request["save"]] for request in requests]
    alone = bench.load(saves, seconds=min(60, seconds), pause=20)
    both = bench.load([[request["save"], request["page"]] for request in requests], seconds=seconds, pause=15,
                      order=[0, 0, 0, 1])  # fmt: skip
    floor = measure_floor()
    for what, found, prefix, budget, at in (
        ("load held", alone, "", "p95 ≤ 250 ms, 0 lost",
         f"{len(saves):,} people, one save each 20 s, {min(60, seconds)} s"),
        ("load held with page views", both, "save ", "saves' p95 ≤ 250 ms, 0 lost",
         f"the same, and a section each 60 s, {seconds} s"),
    ):  # fmt: skip
        ratio = f"{floor['text']}; the median is {found[f'{prefix}p50'] / floor['milliseconds']:.1f} times that"
        bench.add(Row(what, at, budget, found, is_whole(found) and found[f"{prefix}p95"] <= 250, ratio))


def pgbench_at(url: str, scripts: list[str], folder: Path, a_second: int) -> dict[str, Any]:
    """The same statements at the crowd's pace: milliseconds of one by PostgreSQL's own load generator."""
    command = [servers.POSTGRESQL / "pgbench", "-n", "-T", "10", "-c", "20", "-j", "2", "-R", str(a_second)]
    result = subprocess.run([*command, *written(scripts, folder), url], capture_output=True, text=True, check=True)
    latency = re.search(r"latency average = ([\d.]+) ms", result.stdout)
    lag = re.search(r"schedule lag: avg ([\d.]+)", result.stdout)
    if latency is None or lag is None:
        raise RuntimeError(result.stdout + result.stderr)
    milliseconds = float(latency[1]) - float(lag[1])  # from the start of its first statement
    return {"milliseconds": milliseconds, "text": f"pgbench at {a_second} a second: mean {milliseconds:.1f} ms"}


def pgbench(url: str, scripts: list[str], folder: Path) -> dict[str, str]:
    """The same statements by PostgreSQL's own load generator: what the database alone takes."""
    found = {}
    for clients, files, name in ((1, scripts[:1], "1"), (20, scripts, "20"), (10, scripts[:1], "10")):
        command = [servers.POSTGRESQL / "pgbench", "-n", "-T", "5", "-c", str(clients), "-j", str(min(clients, 2))]
        result = subprocess.run([*command, *written(files, folder), url], capture_output=True, text=True, check=False)
        latency = re.search(r"latency average = ([\d.]+) ms", result.stdout)
        a_second = re.search(r"tps = ([\d.]+)", result.stdout)
        if latency is None or a_second is None:
            raise RuntimeError(result.stdout + result.stderr)
        found[name] = f"pgbench with its statements: mean {float(latency[1]):.1f} ms, {float(a_second[1]):.0f} a second"
    return found


def written(scripts: list[str], folder: Path) -> list[str | Path]:
    """Files of the scripts, as pgbench is told of them."""
    told: list[str | Path] = []
    for number, script in enumerate(scripts):
        (folder / f"save-{number}.sql").write_text(script)
        told += ["-f", folder / f"save-{number}.sql"]
    return told


# ── First loads in a browser ─────────────────────────────────────────────────
def measure_first_loads(bench: Bench, pages: list[dict[str, Any]]) -> None:
    from tests.bench import browser

    budget = "≤ 8 requests, ≤ 70 KB, usable ≤ 3 s at 400 kbit/s + 400 ms"
    loads: list[dict[str, Any]] = []
    for found in browser.opened(bench.url, pages):
        reader, _space, path = found["name"].partition(" ")
        kilobytes, usable = found["bytes"] / 1000, found["usable"] / 1000
        is_met = found["requests"] <= 8 and kilobytes <= 70 and usable <= 3
        figures = {"requests": found["requests"], "KB": kilobytes, "usable s": usable}
        loads.append(figures)
        bench.add(Row(f"first load of {path}", reader, "", figures, is_met))
    worst = {name: max(figures[name] for figures in loads) for name in loads[0]}
    is_met = worst["requests"] <= 8 and worst["KB"] <= 70 and worst["usable s"] <= 3
    bench.add(Row("first load, cold browser", "the worst of the rows above", budget, worst, is_met))


# ── A section on a slow line ─────────────────────────────────────────────────
def measure_line(bench: Bench, pages: list[dict[str, Any]]) -> None:
    """What a member of a national team waits for, and pays for."""
    from tests.bench import browser

    [page] = [page for page in pages if page["name"] == SECTION]
    other = page["path"].replace("/P1.1/", "/P1.2/")
    for speed, at, most, most_warm in (
        (browser.SLOW, "400 kbit/s + 400 ms", 3, None), (browser.SLOWEST, "100 kbit/s + 800 ms", 10, 3),
    ):  # fmt: skip
        found = browser.section_on(bench.url, page, other, speed)
        cold, warm = ({"requests": load["requests"], "KB": load["bytes"] / 1000, "usable s": load["usable"] / 1000}
                      for load in (found["cold"], found["warm"]))  # fmt: skip
        is_met = cold["KB"] <= 70 and cold["requests"] <= 8 and cold["usable s"] <= most
        bench.add(Row("section, first load", at, f"≤ 70 KB, first question ≤ {most} s", cold, is_met))
        is_met = warm["KB"] <= 20 and (most_warm is None or warm["usable s"] <= most_warm)
        budget = "≤ 20 KB" + (f", first question ≤ {most_warm} s" if most_warm else "")
        bench.add(Row("section, after another section", at, budget, warm, is_met))
    bytes_of = browser.saved(bench.url, page, "A note of the bench.")
    is_met = bytes_of["down"] <= 1000 and bytes_of["up"] <= 2000
    bench.add(Row("bytes of a save", "with headers, without the answer", "≤ 1 KB down, ≤ 2 KB up", bytes_of, is_met))


# ── Documents ────────────────────────────────────────────────────────────────
@contextlib.contextmanager
def worker(site: servers.Served, concurrency: int, number: int) -> Iterator[servers.Part]:
    """A worker service as docker-compose.yml has it, but for how many processes it has."""
    given = site.parts["worker"][0]
    command = [str(concurrency) if word == "2" else word for word in given.service.command]
    name = f"documents{number}"
    home = site.folder / name
    home.mkdir()
    environment = {**given.environment, "HOME": str(home), "HOSTNAME": name}
    log = site.folder / f"{name}.log"
    part = replace(
        given, name=name, service=replace(given.service, command=command), environment=environment, log=log,
        replaced={**given.replaced, "%h": name}, process=None,
    )  # fmt: skip
    part.start()
    try:
        yield part
    finally:
        part.stop()


def wait_for_jobs(bench: Bench, ids: list[int], seconds: float = 600) -> dict[str, Any]:
    """What became of the jobs once all are over; asked for by one small query, which takes nothing from the workers."""
    with contextlib.closing(psycopg2.connect(bench.environment["DATABASE_URL"])) as connection:
        connection.autocommit = True
        cursor = connection.cursor()

        def are_over() -> bool:
            cursor.execute("SELECT count(*) FROM foundation_job WHERE finished_at IS NULL AND id = ANY(%s)", [ids])
            return cursor.fetchone() == (0,)

        servers.wait_for(f"{len(ids)} documents are made", are_over, seconds=seconds, every=0.2)
    found = bench.inside("jobs", ids)
    if found["states"] != {"done": len(ids)}:
        raise RuntimeError(f"not all documents were made: {found['states']}")
    return found


def peak_megabytes(pids: list[int]) -> float:
    """The most memory that any of these processes ever had."""
    peaks = []
    for pid in pids:
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{pid}/status").read_text()
            peaks += [int(found[1]) / 1024 for found in re.finditer(r"VmHWM:\s+(\d+) kB", status)]
    return max(peaks, default=float("nan"))


def measure_documents(bench: Bench, site: servers.Served, plans: dict[str, Any], many: int) -> None:
    spans = {}
    with worker(site, 1, 1) as part:
        wait_for_jobs(bench, bench.inside("order_reports", {"count": 1, "skip": 0}))  # what a worker loads once
        singles = []
        for number in range(4):
            singles += (ids := bench.inside("order_reports", {"count": 1, "skip": 1 + number}))
            wait_for_jobs(bench, ids)
        made = bench.inside("jobs", singles)
        alone = statistics.median(bench.inside("floor", singles)["seconds"][1:])
        seconds, megabytes = statistics.median(made["seconds"]), peak_megabytes(part.pids())
        above = (seconds / alone - 1) * 100
        figures = {
            "pages": made["pages"][0], "seconds": seconds, "peak MB": megabytes, "% above WeasyPrint alone": above
        }  # fmt: skip
        is_met = seconds <= 5 and megabytes <= 400 and above <= 10
        budget = "≤ 5 s, ≤ 400 MB, ≤ 10 % above WeasyPrint alone"
        bench.add(
            Row("a document with charts", "1 worker", budget, figures, is_met, f"WeasyPrint alone: {alone:.2f} s")
        )
        spans[1] = wait_for_jobs(bench, bench.inside("order_reports", {"count": many, "skip": 0}))["span"]
    with worker(site, 2, 2):
        wait_for_jobs(bench, bench.inside("order_reports", {"count": 2, "skip": 40}))
        spans[2] = wait_for_jobs(bench, bench.inside("order_reports", {"count": many, "skip": 0}))["span"]
        figures = {"1 worker s": spans[1], "2 workers s": spans[2], "ratio": f"{spans[1] / spans[2]:.2f}"}
        bench.add(Row(f"{many} documents in bulk", "two workers against one", "the ratio, reported (limit 2)", figures))
        ids = bench.inside("order_reports", {"count": many - 5, "skip": 0})
        found = bench.load([plans["edits"][:1]], seconds=12)
        rest = bench.inside("jobs", ids)["states"]
        figures = {**found, "documents": rest}
        bench.add(
            Row(
                "save while documents are made",
                f"1 client, {many - 5} queued",
                "p95 ≤ 50 ms",
                figures,
                found["p95"] <= 50,
            )
        )
        wait_for_jobs(bench, ids)


# ── SQLite ───────────────────────────────────────────────────────────────────
def measure_sqlite(rows: list[Row], loads: dict[str, str], folder: Path, size: argparse.Namespace) -> None:
    """The save in the embedded mode: everything that `make run` starts, with a smaller world."""
    variables = {"DEMO": "no", "ADMIN_EMAIL": "", "WRITES_PER_MINUTE": "1000000"}
    place = folder / "sqlite"
    environment = servers.site_environment(place, servers.free_port(), **variables)
    for command in (["migrate"], ["load_countries"], ["load_framework", "fixtures/framework/dre-2026.1.yaml"]):
        servers.manage(environment, *command, "-v0")
    countries = min(size.countries, 24)
    servers.manage(environment, "world", "--countries", str(countries), "--rounds", "5", "--people", "10", "-v0")
    with servers.site(place, **variables) as site:
        bench = Bench(site.url, site.environment, rows, loads)
        plans = bench.inside("people", {"sheets": 9})
        bench.load([[request] for request in plans["edits"]], seconds=3)
        found = bench.load([plans["edits"][:1]], seconds=8)
        at = f"SQLite, {countries} countries × 5 rounds"
        bench.add(Row("save over an answer", f"{at}, 1 client", "", found))
        found = bench.load([[request] for request in plans["edits"]], seconds=8)
        bench.add(Row("save over an answer", f"{at}, {len(plans['edits'])} clients", "", found))


# ── All of it ────────────────────────────────────────────────────────────────
def measure(arguments: argparse.Namespace, folder: Path, rows: list[Row], loads: dict[str, str]) -> None:
    wanted = set(arguments.only.split(","))
    if wanted != {"sqlite"}:
        with (
            servers.postgresql(folder, durable=True) as url,
            servers.served(
                folder, web=1, workers=1, clocks=1, nginx=False, database_url=url, WRITES_PER_MINUTE="1000000",
                LOG_LEVEL="WARNING",
            ) as site,
        ):  # fmt: skip
            site.parts["worker"][0].stop()  # documents have workers of their own below
            fill(arguments, site)
            bench = Bench(site.url, site.environment, rows, loads)
            measure_served(bench, site, wanted, folder, arguments)
            web = peak_megabytes(site.parts["web"][0].pids())
            bench.add(Row("memory of a web process", "at its peak", "", {"MB": web}))
    if "sqlite" in wanted:
        measure_sqlite(rows, loads, folder, arguments)


def fill(arguments: argparse.Namespace, site: servers.Served) -> None:
    began = time.monotonic()
    size = [f"--{name}={getattr(arguments, name)}" for name in ("countries", "rounds", "people")]
    print(site.manage("world", *size, "--yes-this-is-a-test-database"), end="")
    print(f"The world took {time.monotonic() - began:.0f} s.", flush=True)


def measure_served(
    bench: Bench, site: servers.Served, wanted: set[str], folder: Path, size: argparse.Namespace
) -> None:
    measure_ceiling(bench)
    plans = bench.inside("people", {"sheets": 20})
    if "pages" in wanted:
        attempt(bench, measure_pages, plans["pages"])
    if wanted & {"saves", "documents", "crowd"}:
        found = bench.inside("statements", plans)
        plans |= {"queries": {"edit": found["edit"], "first": found["first"]}, "edits": found["edits"]}
        plans["firsts"] = plans["firsts"][:-2]
    if "saves" in wanted:
        attempt(bench, measure_saves, plans, pgbench(site.database_url, found["scripts"], folder))
    if "browser" in wanted:
        attempt(bench, measure_first_loads, plans["pages"])
    if "line" in wanted:
        attempt(bench, measure_line, plans["pages"])
    if "documents" in wanted:
        attempt(bench, measure_documents, site, bench.inside("people", {"sheets": 1}), size.documents)
    if "crowd" in wanted:
        crowd = size.countries * size.people

        def floor() -> dict[str, Any]:
            """After the counters were held against the answers, of which its statements put back a few."""
            print(site.manage("recount", "--check"), end="")
            return pgbench_at(site.database_url, found["scripts"], folder, max(1, crowd // 20))

        attempt(bench, measure_crowd, floor, size.crowd_seconds)
    else:
        print(site.manage("recount", "--check"), end="")


def attempt(bench: Bench, measure: Callable[..., None], *arguments: Any) -> None:
    """What cannot be measured is said, and takes nothing from what can."""
    try:
        measure(bench, *arguments)
    except Exception:
        traceback.print_exc()
        bench.add(Row(measure.__name__, "could not be measured to its end", "", {}, False))


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    for name, many in (("countries", 192), ("rounds", 5), ("people", 10), ("documents", 24)):
        parser.add_argument(f"--{name}", type=int, default=many)
    parser.add_argument("--crowd-seconds", type=int, default=60, help="the issue's figure is 600")
    parser.add_argument("--only", default=",".join(PARTS))
    arguments = parser.parse_args()
    began, rows, loads = time.monotonic(), [], {}
    print(f"Load average before: {load_average()}", flush=True)
    with tempfile.TemporaryDirectory(prefix="readiness-bench-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        measure(arguments, Path(name), rows, loads)
    target = Path(os.environ.get("DATA_DIR", ROOT / "var")) / "bench.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        json.dumps(
            {
                "arguments": vars(arguments), "seconds": round(time.monotonic() - began),
                "processors": os.cpu_count(), "rows": [asdict(row) for row in rows], "load averages": loads,
            },
            indent=1, ensure_ascii=False,
        )
    )  # fmt: skip
    missed = [row for row in rows if row.is_met is False]
    print(f"\n{len(rows)} rows in {time.monotonic() - began:.0f} s, {len(missed)} over their budget; {target}")
    for row in missed:
        print(row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
