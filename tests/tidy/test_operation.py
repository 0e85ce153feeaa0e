"""What `config/` has for running the daemon: it starts what there is, and leaves it time to end."""

import configparser
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from receiver.cli.run import run
from receiver.daemon.service import DRAIN_SECONDS
from receiver.daemon.settings import read_settings
from receiver.report.sweep_report import Exit

CONFIG = Path(__file__).parents[2] / "config"
MANIFESTS = {
    each["kind"]: each for each in yaml.safe_load_all((CONFIG / "kubernetes.yaml").read_text())
}
OPTIONS = {option for parameter in run.params for option in parameter.opts}


def unit() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # names have capitals
    parser.read(CONFIG / "systemd/logpush-receiver.service")
    return parser["Service"]


def container() -> dict[str, Any]:
    pod = MANIFESTS["Deployment"]["spec"]["template"]["spec"]
    (found,) = pod["containers"]
    return dict(found)


def test_the_unit_runs_the_daemon_and_tells_only_it_to_end() -> None:
    program, command, *words = unit()["ExecStart"].split()
    assert (Path(program).name, command) == ("logpush-receiver", "run")
    assert words[0] in OPTIONS
    assert unit()["KillMode"] == "mixed"
    assert float(unit()["TimeoutStopSec"]) > 15 >= DRAIN_SECONDS


def test_the_readme_installs_the_unit_and_the_container_as_they_say_themselves() -> None:
    readme = (CONFIG.parent / "README.md").read_text()
    for heading, file in (
        ("Under systemd", "systemd/logpush-receiver.service"),
        ("In a container", "Containerfile"),
        ("On Kubernetes", "kubernetes.yaml"),
    ):
        section = readme.partition(f"### {heading}\n")[2].partition("\n#")[0]
        told = set(
            re.findall(
                r"^    (?:install|systemctl|docker build|kubectl) .*$", section, re.MULTILINE
            )
        )
        assert told
        head = (CONFIG / file).read_text()
        assert all(line.split("  # ")[0].strip() in head for line in told)


def test_the_unit_is_started_again_after_a_crash_and_not_with_a_bad_configuration() -> None:
    assert unit()["Restart"] == "on-failure"
    assert int(unit()["RestartPreventExitStatus"]) == Exit.CONFIG


def test_the_container_runs_the_daemon() -> None:
    text = (CONFIG / "Containerfile").read_text()
    (entry,), (command,) = (
        re.findall(rf"^{name} (\[.*\])$", text, re.MULTILINE) for name in ("ENTRYPOINT", "CMD")
    )
    assert json.loads(entry) == ["logpush-receiver"]
    assert json.loads(command)[0] == "run"
    assert json.loads(command)[1] in OPTIONS


def test_the_container_takes_from_the_checkout_what_there_is_and_no_more_than_the_package() -> None:
    text = (CONFIG / "Containerfile").read_text()
    copied = [
        source
        for words in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE)
        for source in words.split()[:-1]
    ]
    assert all((CONFIG.parent / source).exists() for source in copied)
    assert [source for source in copied if (CONFIG.parent / source).is_dir()] == ["receiver"]
    assert {"pyproject.toml", "setup.py"} < set(copied)


def test_the_user_of_the_container_is_the_one_of_the_manifest() -> None:
    (number,) = re.findall(r"^USER (\d+)$", (CONFIG / "Containerfile").read_text(), re.MULTILINE)
    pod = MANIFESTS["Deployment"]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsUser"] == int(number)


def test_the_manifest_has_a_configuration_that_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in MANIFESTS["Secret"]["stringData"].items():
        monkeypatch.setenv(name, value)
    (tmp_path / "receiver.toml").write_text(MANIFESTS["ConfigMap"]["data"]["receiver.toml"])
    settings = read_settings(tmp_path / "receiver.toml")
    assert settings.warnings == ()
    (port,) = container()["ports"]
    assert port["containerPort"] == settings.status.listen.port


def test_the_manifest_asks_for_what_the_status_page_has_and_leaves_time_to_end() -> None:
    paths = {
        container()[f"{name}Probe"]["httpGet"]["path"]
        for name in ("startup", "liveness", "readiness")
    }
    assert paths == {"/healthz", "/readyz"}
    pod = MANIFESTS["Deployment"]["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] > 15
