"""Texts, spans and jobs as commands take them."""

from pathlib import Path

import pytest

from receiver.cli.arguments import conf_of, parse_seconds, read_jobs, text_of
from receiver.errors import ConfigError, JobInvalid
from receiver.job.job import Job


class TestAText:
    def test_it_stands_for_itself(self) -> None:
        assert text_of("s3://logs/http") == "s3://logs/http"

    def test_it_comes_from_a_file_without_its_line_end(self, tmp_path: Path) -> None:
        (tmp_path / "conf").write_bytes(b"s3://logs/http\r\n")
        assert text_of(f"@{tmp_path / 'conf'}") == "s3://logs/http"

    def test_it_comes_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CONF", "s3://logs/http")
        assert text_of("env:CONF") == "s3://logs/http"

    @pytest.mark.parametrize(("value", "said"), [(None, "is not set"), ("", "is empty")])
    def test_a_variable_without_a_text_is_named(
        self, monkeypatch: pytest.MonkeyPatch, value: str | None, said: str
    ) -> None:
        monkeypatch.delenv("CONF", raising=False)
        if value is not None:
            monkeypatch.setenv("CONF", value)
        with pytest.raises(ConfigError, match=f"--options env:CONF: the variable {said}"):
            text_of("env:CONF", option="--options ")

    def test_a_file_that_is_not_there_is_named(self) -> None:
        with pytest.raises(ConfigError, match=r"@missing\.txt: No such file"):
            text_of("@missing.txt")


class TestASpanOfTime:
    @pytest.mark.parametrize(
        ("text", "seconds"), [("90s", 90), ("2m", 120), ("1h", 3600), (" 24H ", 86400), ("0s", 0)]
    )
    def test_it_has_a_unit(self, text: str, seconds: int) -> None:
        assert parse_seconds(text, option="--wait") == seconds

    @pytest.mark.parametrize("text", ["", "2", "m", "-1m", "1.5h", "25h", "2 m", "١m", "1d"])
    def test_another_form_is_refused_with_the_remedy(self, text: str) -> None:
        with pytest.raises(ConfigError, match=r"--wait .*: write 90s, 2m or 1h"):
            parse_seconds(text, option="--wait")


def test_a_job_without_a_destination_conf_is_no_place_to_look_at() -> None:
    with pytest.raises(JobInvalid, match="job 7: it has no destination_conf"):
        conf_of(Job(id=7))


def test_jobs_are_named_by_their_file(tmp_path: Path) -> None:
    file = tmp_path / "job.json"
    file.write_text("[]")
    with pytest.raises(JobInvalid, match=r"job\.json: there is no job in it"):
        read_jobs(str(file))
