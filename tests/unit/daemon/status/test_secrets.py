"""Nothing secret on any page, in any JSON or metric; and what others wrote is text, never code."""

import html
import json
from html.parser import HTMLParser

import pytest

from receiver.check.report import Example, Finding, Severity
from receiver.daemon.job_source import GivenJob
from receiver.daemon.roster import Roster
from receiver.daemon.status.scene import Scene, rostered
from receiver.job.job import parse_jobs
from receiver.ledger.ledger import Ledger
from receiver.limits import GRACE_SECONDS
from tests.unit.daemon.status.day import HOSTILE, NOW, WatchedPlace, judge, scene
from tests.unit.daemon.status.serving import serving

PLANTED = "PLANTED-s3cret"
NAME = HOSTILE.replace("\ud800", "")  # JSON and stores take whole characters only
CONFS = (
    f"s3://acme/{{DATE}}?region=eu-1&access-key-id={PLANTED}1&secret-access-key={PLANTED}2",
    f"r2://acme-r2/x/{{DATE}}?account-id=abc&access-key-id={PLANTED}3&secret-access-key={PLANTED}4",
    f"azure://acme/y/{{DATE}}?sv=2020&sig={PLANTED}5",
    f"https://{PLANTED}6.example/?header_Authorization={PLANTED}7",
)


class Tags(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


@pytest.fixture
async def planted(empty: Ledger) -> Scene:
    """Jobs whose destinations hold secrets, and batches with hostile names and values."""
    roster = Roster()
    jobs = [
        {
            "id": 200 + number,
            "dataset": "http_requests",
            "name": f"job {number} {NAME}",
            "enabled": True,
            "destination_conf": conf,
            "logpull_options": "fields=ClientIP&timestamps=rfc3339",
        }
        for number, conf in enumerate(CONFS)
    ]
    text = json.dumps(jobs).encode()
    given = [GivenJob(job=job, source="[[jobs]] 1") for job in parse_jobs(text, source="test")]
    roster.update(given, now=NOW)
    listed = [
        WatchedPlace(place=target.destination.identity, last_listed_at=NOW, error=HOSTILE)
        for target in roster.targets()
    ]
    finding = Finding(
        code="field-unexpected",
        severity=Severity.ERROR,
        field=HOSTILE,
        expected=HOSTILE,
        got=HOSTILE,
        count=3,
        examples=(Example(line=3, got=HOSTILE), Example(line=4, got="</code><img src=x>")),
    )
    number = await judge(
        empty, 200, listed[0].place, NOW.replace(hour=12), (finding,), key=NAME, notes=(HOSTILE,)
    )
    assert number == 1
    return scene(
        empty,
        jobs=lambda: rostered(roster.watches),
        places=lambda: listed,
        unwatched=lambda: roster.unwatched,
    )


PATHS = ["/", "/jobs/200", "/jobs/201", "/batches/1", "/parked"]
JSON = ["/status.json", "/jobs/200.json", "/batches/1.json", "/parked.json"]


async def test_no_planted_secret_is_anywhere(planted: Scene) -> None:
    async with serving(planted) as served:
        for path in [*PATHS, *JSON, "/metrics", "/readyz", "/healthz", "/jobs/999"]:
            async with served.client.get(served.url + path) as answer:
                told = await answer.text() + str(answer.headers)
            assert PLANTED not in told, path


async def test_what_others_wrote_is_text_and_short(planted: Scene) -> None:
    async with serving(planted) as served:
        for path in PATHS:
            status, text = await served.get(path)
            assert status == 200
            page = Tags()
            page.feed(text)
            assert page.tags.count("script") == 1  # ours
            assert "img" not in page.tags
            assert not [name for name, _ in page.attributes if name.startswith("on")]
            assert not [name for name, _ in page.attributes if name == "style"]
            assert "k" * 1000 not in text
            for hidden in ("\u202e", "\x1b", "\ud800"):
                assert hidden not in html.unescape(text)


async def test_metrics_have_no_key_no_message_and_no_address(planted: Scene) -> None:
    async with serving(planted) as served:
        served.metrics.places(planted.places())
        text = (await served.get("/metrics"))[1]
    for word in ("kkk", "script", "acme", "://"):
        assert word not in text


def test_the_roster_is_shown_once_for_each_job_with_its_grace() -> None:
    roster = Roster()
    job = {
        "id": 7,
        "dataset": "http_requests",
        "enabled": True,
        "destination_conf": "s3://acme/{DATE}?region=eu-1",
        "logpull_options": "fields=ClientIP,RayID&timestamps=rfc3339&sample=0.5",
    }
    for options in (job["logpull_options"], "fields=ClientIP"):
        text = json.dumps(job | {"logpull_options": options}).encode()
        given = [GivenJob(job=each, source="a") for each in parse_jobs(text, source="test")]
        roster.update(given, now=NOW)
    (shown,) = rostered(roster.watches)
    assert shown.options == "1 field, unixnano"
    assert shown.grace_until is not None
    assert (shown.grace_until - NOW).total_seconds() == GRACE_SECONDS
