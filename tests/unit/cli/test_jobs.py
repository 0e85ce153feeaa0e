"""Which jobs a command is asked about: typed mistakes are refused, repeats are judged once."""

import json
from pathlib import Path
from typing import Any

import pytest

from receiver.cli.jobs import ask, notes_of
from receiver.errors import ConfigError


def job_file(folder: Path, name: str, *jobs: dict[str, Any]) -> str:
    path = folder / name
    path.write_text(json.dumps([{"id": 146, "dataset": "http_requests", **job} for job in jobs]))
    return str(path)


@pytest.mark.parametrize("name", ["http_request", "", "a b/c", "no_such_logs"])
def test_a_data_set_that_is_typed_must_be_known(name: str) -> None:
    with pytest.raises(ConfigError, match=f"^--dataset: unknown data set '{name}'.*http_requests"):
        ask([], name, None)


def test_a_data_set_that_is_typed_may_be_in_capitals() -> None:
    (asked,) = ask([], "DNS_Logs", None)
    assert asked.expectation.dataset == "dns_logs"


def test_a_job_of_an_unknown_data_set_gets_a_note(tmp_path: Path) -> None:
    asked = ask([job_file(tmp_path, "a", {"dataset": "newest_logs"})], None, None)
    assert "does not know the data set newest_logs" in notes_of(asked)[0]


def test_options_that_are_typed_are_named_as_such() -> None:
    with pytest.raises(ConfigError, match="--options: "):
        ask([], None, "sample=2")


def test_a_job_given_twice_is_judged_once(tmp_path: Path) -> None:
    one = job_file(tmp_path, "a", {"last_complete": "2026-11-22T10:00:00Z"})
    later = job_file(tmp_path, "b", {"last_complete": "2026-11-22T10:05:00Z"}, {"id": 147})
    asked = ask([one, later, one], None, None)
    assert [each.job.id for each in asked] == [146, 147]
    assert "job 146 is given more than once, each time the same: judged once" in notes_of(asked)


def test_different_jobs_with_one_id_are_both_judged_and_it_is_said(tmp_path: Path) -> None:
    file = job_file(tmp_path, "a", {}, {"dataset": "dns_logs"})
    asked = ask([file], None, None)
    assert [each.job.dataset for each in asked] == ["http_requests", "dns_logs"]
    assert "different jobs have the id 146: reports do not tell them apart" in notes_of(asked)


def test_jobs_without_an_id_may_differ(tmp_path: Path) -> None:
    file = job_file(tmp_path, "a", {"id": None}, {"id": None, "dataset": "spectrum_events"})
    asked = ask([file], None, None)
    assert len(asked) == 2
    assert not any("have the id" in note for note in notes_of(asked))
