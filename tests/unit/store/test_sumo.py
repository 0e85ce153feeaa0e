"""The client of Sumo's Search Job API, against a server written from Sumo's documentation."""

import asyncio
import base64
import gzip
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta, timezone
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from receiver.destination.parse import parse_destination
from receiver.errors import ConfigError, Reason, StoreDenied, StoreError, StoreUnavailable
from receiver.store.bounds import BOUNDS, Bounds
from receiver.store.sumo import SumoSearchJobs, open_sumo
from receiver.store.sumo_access import find_api, find_keys, may_follow
from receiver.store.sumo_wire import Found
from receiver.store.web import proxy_for
from tests.servers.sumo import ACCESS_ID, ACCESS_KEY, CODE, JOBS, Fault, Sumo, sumo_server
from tests.unit.virtual_clock import START, VirtualClock

CONF = f"sumo://endpoint4.collection.us2.sumologic.com/receiver/v1/http/{CODE}"
DESTINATION = parse_destination(CONF)
KEYS = {"SUMOLOGIC_ACCESSID": ACCESS_ID, "SUMOLOGIC_ACCESSKEY": ACCESS_KEY}
BODY = "PlantedMessageBody"
QUERY = "planted* | where _raw matches /Planted[A-Za-z0-9 ]+/"
HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def server(clock: VirtualClock) -> Iterator[Sumo]:
    with sumo_server(clock.timestamp) as sumo:
        yield sumo


@asynccontextmanager
async def opened(
    server: Sumo,
    clock: VirtualClock,
    bounds: Bounds = BOUNDS,
    environ: Mapping[str, str] = KEYS,
) -> AsyncIterator[SumoSearchJobs]:
    async with open_sumo(
        DESTINATION,
        clock=clock,
        endpoint_url=server.url,
        bounds=bounds,
        environ=environ,
    ) as sumo:
        yield sumo


async def search(server: Sumo, clock: VirtualClock, query: str = QUERY, **environ: str) -> Found:
    async with opened(server, clock, environ=KEYS | environ) as sumo:
        return await sumo.messages(query, since=clock.now() - HOUR, until=clock.now())


def texts(found: Found) -> list[str]:
    return [message.raw.reveal() for message in found.messages]


async def test_a_posted_message_is_found_and_the_job_is_gone(
    server: Sumo, clock: VirtualClock
) -> None:
    async with aiohttp.ClientSession() as session:
        url = f"{server.url}/receiver/v1/http/{CODE}"
        headers = {"Content-Encoding": "gzip", "X-Sumo-Name": "logs/ownership-challenge.txt"}
        async with session.post(url, data=gzip.compress(BODY.encode()), headers=headers) as answer:
            assert answer.status == 200
        async with session.post(f"{url}x", data=b"Planted2") as answer:
            assert answer.status == 401
    found = await search(server, clock)
    assert texts(found) == [BODY]
    assert found.notes == ()
    message = found.messages[0]
    assert message.source_name == "logs/ownership-challenge.txt"
    assert message.received_at == START
    assert (server.delete_count, server.jobs_left) == (1, 0)


async def test_the_job_asks_by_receipt_time_and_in_utc(server: Sumo, clock: VirtualClock) -> None:
    server.put("Planted inside", at=clock.timestamp())
    server.put("Planted before", at=clock.timestamp() - 3602)
    server.put("Planted after", at=clock.timestamp() + 3600)
    tokyo = clock.now().astimezone(timezone(timedelta(hours=9)))
    async with opened(server, clock) as sumo:
        assert texts(await sumo.messages(QUERY, since=tokyo - HOUR, until=tokyo)) == [
            "Planted inside"
        ]
    assert server.created == [
        {
            "query": QUERY,
            "from": "2026-11-22T11:00:00",
            "to": "2026-11-22T12:00:01",
            "timeZone": "UTC",
            "byReceiptTime": True,
            "requiresRawMessages": True,
        }
    ]


async def test_all_pages_are_read_though_sumo_gives_less_than_was_asked_for(
    server: Sumo, clock: VirtualClock
) -> None:
    server.page_messages = 70
    for number in range(250):
        server.put(f"Planted {number}", at=clock.timestamp() - number)
    found = await search(server, clock)
    assert texts(found) == [f"Planted {number}" for number in range(250)]
    assert len([call for call in server.calls if call.endswith("/messages")]) == 4
    assert server.too_fast_count == 0


async def test_of_very_many_messages_the_newest_are_read_and_the_rest_is_told(
    server: Sumo, clock: VirtualClock
) -> None:
    for number in range(1001):
        server.put(f"Planted {number}", at=clock.timestamp() - number)
    found = await search(server, clock)
    assert len(found.messages) == 1000
    assert texts(found)[0] == "Planted 0"
    assert found.notes == ("1,000 of 1,001 messages were read",)


async def test_a_search_that_sumo_pauses_gives_what_it_has_and_says_so(
    server: Sumo, clock: VirtualClock
) -> None:
    server.message_cap = 2
    for number in range(3):
        server.put(f"Planted {number}")
    found = await search(server, clock)
    assert len(found.messages) == 2
    assert found.notes == ("Sumo ended the search early, at its limit of messages",)


async def test_no_five_calls_are_made_within_a_second(server: Sumo, clock: VirtualClock) -> None:
    server.put(BODY)
    server.polls_needed = 30
    async with opened(server, clock) as sumo:
        for _ in range(3):
            await sumo.messages(QUERY, since=clock.now() - HOUR, until=clock.now())
    assert server.too_fast_count == 0
    assert len(server.calls) > 90


async def test_a_job_is_asked_for_often_enough_that_sumo_keeps_it(
    server: Sumo, clock: VirtualClock
) -> None:
    server.polls_needed = 30
    await search(server, clock)
    assert max(clock.slept) == 5.0
    assert server.delete_count == 1


async def test_a_search_without_end_is_given_up_and_deleted(
    server: Sumo, clock: VirtualClock
) -> None:
    server.polls_needed = 10_000
    with pytest.raises(StoreUnavailable, match=r"not ended in 180 s; narrow it with --sumo-scope"):
        await search(server, clock)
    assert clock.seconds < 190
    assert (server.delete_count, server.jobs_left) == (1, 0)


@pytest.mark.parametrize("call", ["POST", "GET", f"GET {JOBS}/"])
@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_burst_of_refusals_is_waited_out(
    server: Sumo, clock: VirtualClock, status: int, call: str
) -> None:
    server.put(BODY)
    server.faults = [Fault(status=status, times=3, call=call)]
    assert texts(await search(server, clock)) == [BODY]
    assert server.jobs_left == 0


async def test_the_wait_that_sumo_asks_for_is_kept(server: Sumo, clock: VirtualClock) -> None:
    server.faults = [Fault(status=429, times=2, headers={"Retry-After": "17"})]
    await search(server, clock)
    assert [seconds for seconds in clock.slept if seconds >= 17] == [17, 17]


async def test_the_wait_may_be_a_date(server: Sumo, clock: VirtualClock) -> None:
    headers = {"Retry-After": "Sun, 22 Nov 2026 12:00:20 GMT"}
    server.faults = [Fault(status=503, headers=headers)]
    await search(server, clock)
    assert max(clock.slept) == 19.5
    in_no_year = "Mon, 01 Jan 99999999999 00:00:00 GMT"
    for nonsense in ("soon", "Sun, 22 Nov 2026 12:00:20", "-1", "1e9", in_no_year):
        server.faults = [Fault(status=503, headers={"Retry-After": nonsense})]
        await search(server, clock)
    assert max(clock.slept) == 19.5


async def test_the_waits_double_where_sumo_asks_for_none(server: Sumo, clock: VirtualClock) -> None:
    server.faults = [Fault(status=503, times=3, call="POST")]
    async with opened(server, clock, Bounds(retry_seconds=4.0)) as sumo:
        await sumo.messages(QUERY, since=clock.now() - HOUR, until=clock.now())
    waits = [seconds for seconds in clock.slept if seconds >= 2]  # shorter ones keep the pace
    for slept, whole in zip(waits, (4.0, 8.0, 16.0), strict=True):
        assert whole / 2 <= slept <= whole


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(status=503, times=9), "the server answered 503; Sumo says: no$"),
        (Fault(status=429, headers={"Retry-After": "3600"}), "it asks to wait 3600 s$"),
        (Fault(status=200, body={"unexpected": []}), "not the Search Job API"),
    ],
)
async def test_what_does_not_pass_is_unavailable(
    server: Sumo, clock: VirtualClock, fault: Fault, said: str
) -> None:
    server.faults = [fault]
    with pytest.raises(StoreUnavailable, match=said) as raised:
        await search(server, clock)
    assert raised.value.reason is Reason.UNAVAILABLE
    assert clock.seconds < 10


async def test_a_server_that_says_nothing_is_asked_again(server: Sumo, clock: VirtualClock) -> None:
    server.put(BODY)
    server.faults = [Fault(status=200, call="POST", silent=True)]
    async with opened(server, clock, Bounds(call_seconds=0.2)) as sumo:
        found = await sumo.messages(QUERY, since=clock.now() - HOUR, until=clock.now())
    assert texts(found) == [BODY]


async def test_nobody_listening_is_unavailable(server: Sumo, clock: VirtualClock) -> None:
    async with open_sumo(
        DESTINATION, clock=clock, endpoint_url="http://127.0.0.1:1", environ=KEYS
    ) as sumo:
        with pytest.raises(
            StoreUnavailable, match=r"^http://127\.0\.0\.1:1: no answer: cannot connect"
        ):
            await sumo.messages(QUERY, since=clock.now() - HOUR, until=clock.now())


async def test_a_netrc_does_not_come_between(
    server: Sumo, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("default login a password b")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.put(BODY)
    assert texts(await search(server, clock)) == [BODY]


async def test_a_proxy_of_the_environment_is_used(
    server: Sumo, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", server.url)
    server.put(BODY)
    async with open_sumo(
        DESTINATION, clock=clock, endpoint_url="http://127.0.0.1:1", environ=KEYS
    ) as sumo:
        found = await sumo.messages(QUERY, since=clock.now() - HOUR, until=clock.now())
    assert texts(found) == [BODY]


def test_a_proxy_that_cannot_be_used_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    api = URL("https://api.sumologic.com")
    monkeypatch.setenv("https_proxy", "proxy:3128")
    assert proxy_for(api) == "http://proxy:3128"
    monkeypatch.setenv("no_proxy", ".sumologic.com")
    assert proxy_for(api) is None
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv("https_proxy", "socks5://user:PlantedPassword@proxy")
    with pytest.raises(ConfigError, match="https_proxy") as raised:
        proxy_for(api)
    assert "Planted" not in str(raised.value)


@pytest.mark.parametrize(
    "body", [{"state": None}, {"state": "DONE GATHERING RESULTS", "messageCount": "many"}]
)
async def test_a_status_that_is_none_ends_in_our_error(
    server: Sumo, clock: VirtualClock, body: dict[str, object]
) -> None:
    server.faults = [Fault(status=200, call=f"GET {JOBS}/", body=body)]
    with pytest.raises(StoreUnavailable, match="not the Search Job API"):
        await search(server, clock)
    assert server.jobs_left == 0


@pytest.mark.parametrize("count", [-1, 1 << 62])
async def test_a_count_that_makes_no_sense_makes_no_messages(
    server: Sumo, clock: VirtualClock, count: int
) -> None:
    body = {"state": "DONE GATHERING RESULTS", "messageCount": count, "pendingErrors": None}
    server.faults = [Fault(status=200, call=f"GET {JOBS}/", body=body)]
    assert (await search(server, clock)).messages == []
    assert server.jobs_left == 0


async def test_a_message_without_the_usual_fields_is_read_all_the_same(
    server: Sumo, clock: VirtualClock
) -> None:
    server.messages.append(
        {"_receipttime": f"{clock.timestamp() * 1000:.0f}", "_messagetime": "0", "_raw": BODY}
    )
    found = await search(server, clock)
    assert texts(found) == [BODY]
    assert (found.messages[0].id, found.messages[0].source_name) == ("", "")


async def test_too_many_jobs_of_others_are_waited_for(server: Sumo, clock: VirtualClock) -> None:
    server.jobs_max = 0
    with pytest.raises(StoreUnavailable, match="429; Sumo says: Too many active search jobs"):
        await search(server, clock)


@pytest.mark.parametrize("environ", [{"SUMOLOGIC_ACCESSKEY": "other"}, {"SUMOLOGIC_ACCESSID": "x"}])
async def test_a_wrong_key_is_told_as_such(
    server: Sumo, clock: VirtualClock, environ: dict[str, str]
) -> None:
    with pytest.raises(StoreDenied, match="access id or key is wrong") as raised:
        await search(server, clock, **environ)
    assert raised.value.reason is Reason.KEYS_WRONG
    assert raised.value.reason.may_pass


async def test_a_missing_capability_is_named(server: Sumo, clock: VirtualClock) -> None:
    server.capable.clear()
    with pytest.raises(StoreDenied, match="role capabilities Download Search Results") as raised:
        await search(server, clock)
    assert raised.value.reason is Reason.LIST_DENIED
    assert raised.value.right.startswith("Download Search Results")


async def test_messages_that_may_not_be_read_are_another_denial(
    server: Sumo, clock: VirtualClock
) -> None:
    server.put(BODY)
    original = server.fault

    def later(call: str) -> Fault | None:
        return Fault(status=403) if call.endswith("/messages") else original(call)

    server.fault = later  # type: ignore[method-assign]
    with pytest.raises(StoreDenied) as raised:
        await search(server, clock)
    assert raised.value.reason is Reason.READ_DENIED
    assert server.jobs_left == 0


async def test_a_query_that_sumo_does_not_understand_is_refused_in_its_words(
    server: Sumo, clock: VirtualClock
) -> None:
    with pytest.raises(StoreDenied, match=r"refuses the call \(400\); Sumo says: Unable to parse"):
        await search(server, clock, "a | bogus")


async def test_an_error_that_sumo_keeps_for_the_next_poll_is_not_taken_for_nothing_found(
    server: Sumo, clock: VirtualClock
) -> None:
    server.pending_errors = ["Field foo not found, please check the spelling and try again."]
    with pytest.raises(StoreDenied, match="the search failed: Field foo not found"):
        await search(server, clock)
    assert (server.delete_count, server.jobs_left) == (1, 0)


async def test_a_warning_goes_with_the_messages(server: Sumo, clock: VirtualClock) -> None:
    server.put(BODY)
    server.pending_warnings = ["Some partitions were skipped."]
    found = await search(server, clock)
    assert texts(found) == [BODY]
    assert found.notes == ("Sumo warns: Some partitions were skipped",)


async def test_a_job_that_sumo_cancels_is_created_anew_once(
    server: Sumo, clock: VirtualClock
) -> None:
    server.put(BODY)
    server.cancel_at_poll, server.cancels_left = 1, 1
    assert texts(await search(server, clock)) == [BODY]
    assert (len(server.created), server.jobs_left) == (2, 0)
    server.cancels_left = 9
    with pytest.raises(StoreUnavailable, match="cancelled the search job twice"):
        await search(server, clock)
    assert (len(server.created), server.jobs_left) == (4, 0)


async def test_a_job_that_expired_meanwhile_is_created_anew(
    server: Sumo, clock: VirtualClock
) -> None:
    server.put(BODY)
    server.faults = [Fault(status=429, call=f"GET {JOBS}/", headers={"Retry-After": "31"})]
    assert texts(await search(server, clock)) == [BODY]
    assert len(server.created) == 2


async def test_the_cookie_is_sent_back(server: Sumo, clock: VirtualClock) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        pair = base64.b64encode(f"{ACCESS_ID}:{ACCESS_KEY}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}"}
        job = {"query": "*", "from": "0", "to": "1", "timeZone": "UTC"}
        async with session.post(server.url + JOBS, json=job, headers=headers) as answer:
            path = answer.headers["Location"]
        async with session.get(path, headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (404, "jobid.invalid")
    clock.seconds += 1
    await search(server, clock)  # ours does send it


async def test_an_account_of_another_deployment_is_followed_there(
    server: Sumo, clock: VirtualClock
) -> None:
    with sumo_server(clock.timestamp) as right:
        right.put(BODY)
        server.moved_to = right.url
        assert texts(await search(server, clock)) == [BODY]
        assert (len(server.calls), right.jobs_left, right.delete_count) == (1, 0, 1)
        right.moved_to = server.url
        with pytest.raises(StoreDenied, match="we are sent again") as raised:
            await search(server, clock)
        assert raised.value.reason is Reason.REGION_WRONG


async def test_the_keys_are_not_shown_to_an_address_that_is_not_sumos(
    server: Sumo, clock: VirtualClock
) -> None:
    with sumo_server(clock.timestamp) as other:
        server.moved_to = f"http://localhost:{other.port}"
        with pytest.raises(StoreDenied, match="not Sumo's; give the API's address") as raised:
            await search(server, clock)
        assert raised.value.reason is Reason.REGION_WRONG
        assert other.authorizations == []


def test_only_sumos_own_addresses_are_followed() -> None:
    api = URL("https://api.sumologic.com")
    assert may_follow(api, URL("https://api.eu.sumologic.com/api/v1/search/jobs"))
    for location in (
        "http://api.eu.sumologic.com/",
        "https://api.eu.sumologic.com.evil.example/",
        "https://evilsumologic.com/",
        "https://a@api.eu.sumologic.com/",
        "https://127.0.0.1/",
        "/api/v1/search/jobs",
    ):
        assert not may_follow(api, URL(location)), location


async def test_the_job_is_deleted_when_the_caller_is_cancelled(
    server: Sumo, clock: VirtualClock
) -> None:
    server.polls_needed = 10_000
    async with opened(server, clock) as sumo:
        task = asyncio.create_task(
            sumo.messages(QUERY, since=clock.now() - HOUR, until=clock.now())
        )
        while len(server.calls) < 4:  # noqa: ASYNC110 (another thread counts them)
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (server.delete_count, server.jobs_left) == (1, 0)


async def test_a_job_that_cannot_be_deleted_hides_no_result(
    server: Sumo, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    server.put(BODY)
    server.faults = [Fault(status=503, times=9, call="DELETE")]
    with caplog.at_level(logging.WARNING):
        assert texts(await search(server, clock)) == [BODY]
    assert "the search job was not deleted, Sumo will cancel it" in caplog.text
    assert [call.split()[0] for call in server.calls].count("DELETE") == 1


async def test_a_long_message_comes_in_the_parts_that_sumo_makes_of_it(
    server: Sumo, clock: VirtualClock
) -> None:
    server.put("Planted" + "x" * (1 << 20))
    found = await search(server, clock, "*")
    assert len(found.messages) == 17
    assert sum(len(text) for text in texts(found)) == 7 + (1 << 20)


async def test_an_answer_without_an_end_is_given_up(
    server: Sumo, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("receiver.store.sumo_calls.ANSWER_BYTES_MAX", 1 << 20)
    server.put("Planted" + "x" * (1 << 20))
    with pytest.raises(StoreDenied, match="narrow the search with --sumo-scope"):
        await search(server, clock, "*")
    assert server.jobs_left == 0


async def test_no_error_or_log_line_shows_a_secret(
    server: Sumo, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJwbGFudGVkIjoxfQ.c2lnbmF0dXJl"
    server.put(BODY)
    said = f"{ACCESS_ID} {ACCESS_KEY} {jwt}"
    shown = ""
    with caplog.at_level(logging.DEBUG):
        for status in (400, 401, 403, 404, 415, 429, 500, 503):
            body: dict[str, object] = {"code": "x", "message": said}
            bodies: list[dict[str, object]] = [body, {"errors": [body]}, {"messages": [BODY]}]
            for each in bodies:
                server.faults = [Fault(status=status, times=4, body=each)]
                with pytest.raises(StoreError) as raised:
                    await search(server, clock)
                shown += f"{raised.value}{raised.value!r}{raised.value.__cause__!r}"
        server.faults = []
        server.pending_errors = [said]
        with pytest.raises(StoreError) as raised:
            await search(server, clock)
        shown += str(raised.value)
        server.pending_warnings = [said]
        found = await search(server, clock)
        shown += repr(found)
    for secret in (ACCESS_ID, ACCESS_KEY, jwt, CODE, BODY, "Basic "):
        assert secret not in shown + caplog.text
    assert found.messages


class TestAddress:
    @pytest.mark.parametrize(
        ("host", "address"),
        [
            ("endpoint4.collection.us2.sumologic.com", "https://api.us2.sumologic.com"),
            ("collectors.us2.sumologic.com", "https://api.us2.sumologic.com"),
            ("endpoint1.collection.eu.sumologic.com", "https://api.eu.sumologic.com"),
            ("endpoint5.collection.sumologic.com", "https://api.sumologic.com"),
            ("collectors.sumologic.com", "https://api.sumologic.com"),
            ("collectors.us1.sumologic.com:443", "https://api.sumologic.com"),
        ],
    )
    def test_the_conf_names_the_deployment(self, host: str, address: str) -> None:
        destination = parse_destination(f"sumo://{host}/receiver/v1/http/{CODE}")
        assert str(find_api(destination, endpoint_url=None, environ={})) == address

    @pytest.mark.parametrize(
        "host", ["logs.example.com", "collectors.us2.sumologic.com.example.com", "127.0.0.1:8080"]
    )
    def test_an_unknown_host_needs_an_address(self, host: str) -> None:
        destination = parse_destination(f"sumo://{host}/receiver/v1/http/{CODE}")
        with pytest.raises(ConfigError, match="set SUMOLOGIC_BASE_URL or --endpoint-url") as raised:
            find_api(destination, endpoint_url=None, environ={})
        assert CODE not in str(raised.value)

    @pytest.mark.parametrize("path", ["", "/", "/api", "/api/", "/api/v1", "/api/v1/"])
    def test_an_address_is_taken_with_or_without_its_path(self, path: str) -> None:
        given = f"https://api.eu.sumologic.com{path}"
        by_environ = find_api(
            DESTINATION, endpoint_url=None, environ={"SUMOLOGIC_BASE_URL": f"{given}\n"}
        )
        by_option = find_api(DESTINATION, endpoint_url=given, environ={"SUMOLOGIC_BASE_URL": "x"})
        assert str(by_environ).rstrip("/") == str(by_option).rstrip("/")
        assert str(by_option).rstrip("/") == "https://api.eu.sumologic.com"

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ("http://api.eu.sumologic.com", "unencrypted"),
            ("api.eu.sumologic.com", "no address"),
            ("https://", "no address"),
            ("https://host:99999", "no address"),
            ("ftp://host", "no address"),
            ("https://id:PlantedKey@host", "more than an address"),
        ],
    )
    def test_an_address_that_cannot_be_used_is_refused(self, given: str, said: str) -> None:
        with pytest.raises(ConfigError, match=said) as raised:
            find_api(DESTINATION, endpoint_url=given, environ={})
        assert "PlantedKey" not in str(raised.value)


class TestKeys:
    def test_both_spellings_are_taken_and_blanks_around_are_not_theirs(self) -> None:
        keys = find_keys({"SUMO_ACCESS_ID": "a\n", "SUMO_ACCESS_KEY": " b "}, name="n")
        assert keys.header() == "Basic " + base64.b64encode(b"a:b").decode()
        assert "b" not in repr(keys).replace("[redacted]", "").partition("access_key=")[2]

    @pytest.mark.parametrize(
        ("environ", "said"),
        [
            ({}, "set SUMOLOGIC_ACCESSID and SUMOLOGIC_ACCESSKEY in"),
            ({"SUMOLOGIC_ACCESSID": "a", "SUMOLOGIC_ACCESSKEY": " "}, "set SUMOLOGIC_ACCESSKEY in"),
            ({"SUMO_ACCESS_KEY": "a"}, "set SUMOLOGIC_ACCESSID in"),
        ],
    )
    def test_a_missing_one_is_named(self, environ: dict[str, str], said: str) -> None:
        with pytest.raises(StoreDenied, match=said) as raised:
            find_keys(environ, name="https://api.sumologic.com")
        assert raised.value.reason is Reason.KEYS_MISSING


async def test_the_servers_own_limit_is_real(server: Sumo) -> None:
    """Or the tests above would prove nothing: five calls at once are one too many."""
    headers = {
        "Authorization": "Basic " + base64.b64encode(f"{ACCESS_ID}:{ACCESS_KEY}".encode()).decode()
    }
    statuses = []
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(5):
            async with session.get(f"{server.url}{JOBS}/x") as answer:
                statuses.append(answer.status)
    assert statuses == [404, 404, 404, 404, 429]
    assert server.too_fast_count == 1
