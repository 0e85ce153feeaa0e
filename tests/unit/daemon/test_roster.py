"""Which places are watched, and what a job was before it changed is accepted for a while."""

from datetime import timedelta

import msgspec
import pytest

from receiver.daemon.roster import GRACE, Roster, Why
from receiver.job.expectation import Expectation
from tests.unit.daemon.configuring import CONF, FIELDS, KEY, given, without_conf
from tests.unit.virtual_clock import START

MINUTE = timedelta(minutes=1)
OTHER = "fields=RayID,ClientIP,ClientASN&timestamps=unix"


def roster(*jobs: object, memory: bytes = b"") -> Roster:
    made = Roster(memory=memory)
    made.update(jobs, now=START)  # type: ignore[arg-type]
    return made


def expectations(made: Roster) -> tuple[Expectation, ...]:
    (target,) = made.targets()
    return target.expectations


def fields_of(made: Roster) -> list[int]:
    return [len(each.fields or ()) for each in expectations(made)]


class TestPlaces:
    def test_jobs_of_one_place_are_one_target(self) -> None:
        made = roster(
            given(), given(id=147, dataset="dns_logs", logpull_options="fields=QueryName")
        )
        (target,) = made.targets()
        assert [each.job_id for each in target.expectations] == [146, 147]
        assert target.span is None
        assert made.unwatched == ()

    def test_jobs_of_two_places_are_two(self) -> None:
        made = roster(given(), given(id=147, destination_conf="file:///var/logs"))
        assert [target.destination.identity for target in made.targets()] == [
            "s3://acme-logs/http/{DATE}/",
            "file:///var/logs/",
        ]

    def test_a_store_of_another_server_is_asked_there(self) -> None:
        made = roster(given(endpoint_url="http://127.0.0.1:9000"))
        assert made.targets()[0].endpoint_url == "http://127.0.0.1:9000"
        local = given(endpoint_url="http://127.0.0.1:9000", destination_conf="file:///var/logs")
        assert roster(local).targets()[0].endpoint_url is None

    def test_one_place_is_not_watched_at_two_servers(self) -> None:
        made = roster(given(), given(id=147, endpoint_url="http://127.0.0.1:9000"))
        assert len(expectations(made)) == 1
        assert made.unwatched[0].why is Why.INVALID
        assert "another endpoint_url" in made.unwatched[0].reason

    def test_new_keys_in_the_conf_take_force_at_once(self) -> None:
        made = roster(given())
        conf = CONF.replace(KEY, "PLANTED-newer")
        made.update([given(destination_conf=conf)], now=START)
        assert made.targets()[0].destination.conf.reveal() == conf
        assert len(made.watches) == 1

    @pytest.mark.parametrize(
        ("job", "why", "reason"),
        [
            (given(enabled=False), Why.DISABLED, "job 146: it is disabled"),
            (
                given(destination_conf="https://h.example.com/?header_X=PLANTED"),
                Why.UNREADABLE,
                "cannot be read back",
            ),
            (given(destination_conf="s4://acme"), Why.INVALID, "job 146: "),
            (given(destination_conf="s3://b/p?[redacted]"), Why.INVALID, "secrets are redacted"),
            (without_conf(given()), Why.INVALID, "job 146: it has no destination_conf"),
            (given(logpull_options="sample=7"), Why.INVALID, "job 146: "),
        ],
    )
    def test_a_job_that_cannot_be_watched_is_named_with_the_reason(
        self, job: object, why: Why, reason: str
    ) -> None:
        made = roster(job, given(id=147))
        assert [each.job_id for each in expectations(made)] == [147]
        (unwatched,) = made.unwatched
        assert (unwatched.label, unwatched.why) == ("job 146", why)
        assert reason in unwatched.reason
        assert unwatched.reason.count("job 146") == 1
        assert "PLANTED" not in unwatched.reason

    def test_what_is_not_ndjson_is_no_other_jobs_and_not_judged(self) -> None:
        csv = {"output_type": "csv", "field_names": ["RayID"]}
        made = roster(given(output_options=csv, logpull_options=None))
        assert [target.judged for target in made.targets()] == [False]
        assert made.unwatched[0].why is Why.UNJUDGED

    def test_a_job_given_twice_is_watched_once(self) -> None:
        made = roster(given(), given(source="zone 1"))
        assert len(expectations(made)) == 1
        assert made.notes == ("job 146 is given more than once: watched once",)

    def test_two_jobs_of_one_id_are_said_to_be_told_as_one(self) -> None:
        made = roster(given(), given(logpull_options=OTHER))
        assert len(expectations(made)) == 2
        assert "different jobs have the id 146" in made.notes[0]


class TestAChange:
    def test_both_are_accepted_for_the_grace_the_new_one_first(self) -> None:
        made = roster(given())
        made.update([given(logpull_options=OTHER)], now=START + MINUTE)
        assert fields_of(made) == [3, 2]
        (leaving,) = [each for each in made.watches if each.until]
        assert (leaving.label, leaving.until) == ("job 146", START + MINUTE + GRACE)
        assert made.next_change == START + MINUTE + GRACE

    def test_the_old_one_goes_when_the_grace_ends_and_no_sooner(self) -> None:
        made = roster(given())
        changed = [given(logpull_options=OTHER)]
        made.update(changed, now=START)
        made.update(changed, now=START + GRACE - MINUTE / 60)
        assert fields_of(made) == [3, 2]
        made.update(changed, now=START + GRACE)
        assert fields_of(made) == [3]
        assert made.next_change is None

    def test_a_change_that_is_taken_back_leaves_the_other_to_its_grace(self) -> None:
        made = roster(given())
        made.update([given(logpull_options=OTHER)], now=START)
        made.update([given()], now=START + MINUTE)
        assert fields_of(made) == [2, 3]
        assert made.next_change == START + MINUTE + GRACE

    def test_what_judges_the_same_is_no_change(self) -> None:
        made = roster(given(name="before", filter='{"where":{}}'))
        made.update([given(name="after", last_error="x")], now=START)
        assert len(made.watches) == 1
        assert made.watches[0].job.name == "after"

    def test_a_job_that_is_gone_or_disabled_is_watched_for_its_grace(self) -> None:
        made = roster(given(), given(id=147, destination_conf="file:///var/logs"))
        made.update([given(id=147, enabled=False)], now=START)
        assert len(made.targets()) == 2
        made.update([], now=START + GRACE)
        assert made.targets() == ()

    def test_a_job_that_moves_is_watched_at_both_places(self) -> None:
        made = roster(given())
        made.update([given(destination_conf="file:///var/logs")], now=START)
        assert len(made.targets()) == 2
        made.update([given(destination_conf="file:///var/logs")], now=START + GRACE)
        assert [target.destination.bucket for target in made.targets()] == ["/var/logs"]

    def test_a_clock_set_back_makes_no_grace_longer(self) -> None:
        made = roster(given())
        made.update([], now=START + timedelta(days=9))
        made.update([], now=START)
        assert made.next_change == START + GRACE


class TestTheMemory:
    def test_nothing_changes_by_a_restart(self) -> None:
        before = roster(given(), given(id=147, logpull_options=OTHER))
        after = roster(given(), given(id=147, logpull_options=OTHER), memory=before.memory())
        assert after.targets() == before.targets()
        assert after.next_change is None

    def test_a_grace_goes_on_after_a_restart(self) -> None:
        before = roster(given())
        changed = given(logpull_options=OTHER)
        before.update([changed], now=START)
        after = Roster(memory=before.memory())
        after.update([changed], now=START + MINUTE)
        assert fields_of(after) == [3, 2]
        assert after.next_change == START + GRACE

    def test_a_change_while_the_daemon_was_down_has_its_grace(self) -> None:
        memory = roster(given()).memory()
        after = Roster(memory=memory)
        after.update([given(logpull_options=OTHER)], now=START + 99 * MINUTE)
        assert fields_of(after) == [3, 2]

    def test_a_place_that_only_the_memory_knows_is_named(self) -> None:
        made = roster(memory=roster(given()).memory())
        assert made.targets() == ()
        assert made.watches == ()
        (unwatched,) = made.unwatched
        assert unwatched.why is Why.UNKNOWN
        assert "it has changed or gone" in unwatched.reason

    def test_why_a_place_is_not_watched_is_told_apart(self) -> None:
        before = roster(given(), given(id=147, source="zone 1", destination_conf="file:///logs"))
        after = Roster(memory=before.memory())
        after.update([given()], now=START, unanswered={"zone 1"})
        (silent,) = {watch.place for watch in before.watches if watch.job.id == 147}
        assert "not known before zone 1 answers" in after.absence(silent)
        assert "no job of the configuration" in after.absence("file:///elsewhere")
        after.update([given()], now=START)
        assert "it has changed or gone" in after.absence(silent)

    def test_where_nobody_watches_only_a_grace_that_was_given_goes_on(self) -> None:
        before = roster(given())
        changed, now = given(logpull_options=OTHER), START + 30 * 24 * 60 * MINUTE
        after = Roster(memory=before.memory())
        after.update([changed], now=now, grace=timedelta())
        assert fields_of(after) == [3]
        before.update([changed], now=now)
        after = Roster(memory=before.memory())
        after.update([changed], now=now + MINUTE, grace=timedelta())
        assert fields_of(after) == [3, 2]

    def test_what_an_api_that_is_silent_gave_is_not_gone(self) -> None:
        before = roster(given(), given(id=147, source="zone 1", logpull_options=OTHER))
        after = Roster(memory=before.memory())
        for minutes in (0, 60):  # job 147 is remembered however long its zone is silent
            after.update([given()], now=START + minutes * MINUTE, unanswered={"zone 1"})
            assert fields_of(after) == [2, 3]
            assert after.next_change is None
        now = START + 61 * MINUTE
        after.update([given(), given(id=147, source="zone 1", logpull_options=OTHER)], now=now)
        assert after.targets() == before.targets()

    def test_it_holds_no_secret(self) -> None:
        before = roster(
            given(last_error=f"https://h/{KEY}", error_message=f"s3://{KEY}", filter=KEY),
            given(id=147, destination_conf=f"file:///x?key={KEY}"),
        )
        before.update([], now=START)
        assert b"PLANTED" not in before.memory()
        assert KEY not in repr(before.watches)

    @pytest.mark.parametrize(
        "memory",
        [
            b"\xff",
            b"[]",
            b'{"version":2,"watches":[]}',
            b'{"version":1,"watches":[{"place":1}]}',
            b"[" * 100_000,
        ],
    )
    def test_one_that_cannot_be_read_costs_no_start(self, memory: bytes) -> None:
        made = Roster(memory=memory)
        assert "cannot be read" in made.notes[0]
        made.update([given()], now=START)
        assert len(made.targets()) == 1

    def test_a_job_that_nobody_understands_any_more_is_left_out(self) -> None:
        memory = msgspec.json.decode(roster(given(), given(id=147)).memory())
        memory["watches"][0]["job"]["logpull_options"] = "sample=7"
        made = Roster(memory=msgspec.json.encode(memory))
        made.update([given(id=147)], now=START)
        assert len(made.watches) == 1
        assert FIELDS in made.memory().decode()
