"""What `emulate` is started with decides what its API allows; and nothing secret is ever said."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from tests.e2e.emulating import TOKEN, ZONE, emulating
from tests.e2e.serving import until

KEYED = (
    "s3://bucket/{}?region=x&endpoint=127.0.0.1:9"
    "&access-key-id=PLANTED-id&secret-access-key=PLANTED-secret"
)
OTHER_ZONE = "f" * 32


def test_one_job_a_destination_unless_the_newer_rule_is_asked_for(tmp_path: Path) -> None:
    conf = f"file://{tmp_path}/logs"
    for arguments, codes in (((), [0, 1007]), (("--several-per-destination",), [0, 0])):
        with emulating(*arguments) as emulator:
            token = emulator.challenge(conf)
            wish = {"destination_conf": conf, "ownership_challenge": token}
            answers = [emulator.ask("POST", "jobs", wish) for _ in range(2)]
            assert [each["errors"][0]["code"] if each["errors"] else 0 for each in answers] == codes


def test_many_at_once_make_one_job_and_a_restart_has_it(tmp_path: Path) -> None:
    conf, state = f"file://{tmp_path}/logs", tmp_path / "state"
    with emulating("--state", state) as emulator:
        wish = {"destination_conf": conf, "ownership_challenge": emulator.challenge(conf)}
        with ThreadPoolExecutor(8) as at_once:
            answers = list(at_once.map(lambda _: emulator.ask("POST", "jobs", wish), range(8)))
        assert sum(each["success"] for each in answers) == 1
        (made,) = emulator.result("GET", "jobs")
        emulator.end()
    with emulating("--state", state) as emulator:
        assert emulator.result("GET", "jobs") == [made]
        judged = emulator.result("POST", "ownership/validate", wish)
        assert judged == {"valid": True}  # the key that signed it was kept


def test_only_the_zones_that_were_named_are_served() -> None:
    with emulating("--zone", OTHER_ZONE) as emulator:
        assert (
            "not among those that are served" in emulator.ask("GET", "jobs")["errors"][0]["message"]
        )
        emulator.end()
    with emulating("--zone", OTHER_ZONE, "--zone", ZONE) as emulator:
        assert emulator.result("GET", "jobs") == []


def test_whoever_lets_others_in_is_told_what_they_can_do() -> None:
    with emulating("--listen", "127.0.0.1:0", "--listen-anywhere") as emulator:
        emulator.result("GET", "jobs")
        assert emulator.end().err == ""
    with emulating("--listen", "127.1:0", "--listen-anywhere") as emulator:  # no address we know
        until(lambda: bool(emulator.err))
        assert "with this user's rights" in emulator.end().err


def test_nothing_secret_is_said() -> None:
    with emulating() as emulator:
        emulator.ask("POST", "jobs", {"destination_conf": KEYED.format("logs")})
        emulator.ask("POST", "ownership", {"destination_conf": KEYED.format("{date}")})
        emulator.ask("POST", "validate/destination", {"destination_conf": KEYED.format("x")})
        emulator.ask("GET", "jobs", token="PLANTED-wrong")
        ended = emulator.end()
    assert "was not written" in ended.err
    assert "PLANTED" not in ended.out + ended.err
    assert TOKEN not in ended.out + ended.err


def test_connections_that_hang_hold_up_nobody() -> None:
    begun = (
        f"POST /client/v4/zones/{ZONE}/logpush/jobs HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {TOKEN}\r\nContent-Length: 100\r\n\r\n{{"
    )
    with emulating() as emulator, ExitStack() as opened:
        address = urlsplit(emulator.url)
        for request in [begun, "GET / HTT"] * 50:
            hung = socket.create_connection((str(address.hostname), address.port or 0))
            opened.enter_context(hung).sendall(request.encode())
        assert emulator.result("GET", "jobs") == []
        ended = emulator.end()  # within a few seconds
    assert (ended.code, ended.err) == (0, "")
