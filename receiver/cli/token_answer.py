"""What `token` answers, and how it is written: for people, for scripts, for GitHub Actions."""

import os
import secrets
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from receiver.destination.challenge import Requirement
from receiver.destination.destination import Destination
from receiver.errors import ConfigError, ResultLost, StoreError
from receiver.ownership.challenge import Challenge, NoChallenge, Written
from receiver.ownership.claims import shown
from receiver.ownership.fit import Difference, Fit
from receiver.report.phrase import counted, visible, wrap
from receiver.report.sweep_report import Exit
from receiver.report.text import COLUMNS

VARIABLE: Final = "OWNERSHIP_CHALLENGE"
GITHUB_OUTPUT: Final = "GITHUB_OUTPUT"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about one destination."""

    destination: Destination
    requirement: Requirement
    result: Challenge | NoChallenge | None = None  # None: nothing was looked for
    fit: Fit | None = None
    job: str = ""  # as a message names it: "job 146"

    @property
    def challenge(self) -> Challenge | None:
        """The challenge, if one was found."""
        return self.result if isinstance(self.result, Challenge) else None

    @property
    def token(self) -> str:
        """The token itself; empty where there is none."""
        return self.challenge.token.text.reveal() if self.challenge else ""

    @property
    def filename(self) -> str:
        """The key of the challenge; empty where there is none."""
        return self.challenge.written.key if self.challenge else ""

    @property
    def exit_code(self) -> Exit:
        """A token that fits, or none needed: pass."""
        if isinstance(self.result, NoChallenge):
            return Exit.INCONCLUSIVE
        if self.result is None and self.requirement.required is None:
            return Exit.UNREAD
        return Exit.FAIL if self.fit and self.fit.differences else Exit.PASS


def write_text(answer: Answer) -> Iterator[str]:
    """Yield the token alone on its line, or nothing."""
    if answer.challenge:
        yield f"{answer.token}\n"


def write_env(answer: Answer) -> Iterator[str]:
    """Yield a line for a shell or an env file: the API's pattern leaves nothing to quote."""
    if answer.exit_code in {Exit.PASS, Exit.FAIL}:
        yield f"{VARIABLE}={answer.token}\n"


def write_github(answer: Answer, output: Path) -> Iterator[str]:
    """Yield the command that masks the token, after writing it and the filename for later steps.

    Source: GitHub Actions, "Workflow commands": add-mask, and the file that GITHUB_OUTPUT names.

    Raises:
        ResultLost: the file cannot be written.
    """
    if answer.exit_code not in {Exit.PASS, Exit.FAIL}:
        return
    if answer.challenge:
        yield f"::add-mask::{answer.token}\n"
    lines = f"token={answer.token}\n{_assigned('filename', answer.filename)}"
    try:
        with output.open("a", encoding="utf-8", newline="\n") as file:
            file.write(lines)
    except OSError as error:
        raise ResultLost(f"{GITHUB_OUTPUT} {output}: {error.strerror}") from error


def write_json(answer: Answer) -> Iterator[str]:
    """Yield all that was found out, as JSON."""
    challenge = answer.challenge
    absent = answer.result if isinstance(answer.result, NoChallenge) else None
    said: dict[str, Any] = {**_place(answer.destination, answer.requirement)}
    if challenge:
        token = challenge.token
        said |= {
            "token": answer.token,
            "filename": answer.filename,
            "written_at": write_moment(challenge.written.written_at),
            "expires_at": write_moment(token.expires_at),
            "jwt": token.claims is not None,
            "claims": [
                {"name": claim.shown_name, "value": shown(claim)} for claim in token.claims or ()
            ],
            "others": [_other(each) for each in challenge.others],
            "notes": list(challenge.notes),
        }
    if answer.fit:
        said["fit"] = {
            "job": answer.job,
            "fits": not answer.fit.differences,
            "differences": [msgspec.structs.asdict(each) for each in answer.fit.differences],
            "matches": list(answer.fit.matches),
            "unrecognised": list(answer.fit.unrecognised),
            "notes": list(answer.fit.notes),
        }
    if absent:
        said |= {
            "error": {"reason": "no-challenge", "message": absent.message, "right": ""},
            "looked_in": list(absent.looked_in),
        }
    yield _json(said)


def write_error_json(
    destination: Destination, requirement: Requirement, error: StoreError
) -> Iterator[str]:
    """Yield why it could not be looked, as JSON."""
    told = {"reason": error.reason, "message": str(error), "right": error.right}
    yield _json({**_place(destination, requirement), "error": told})


def told(answer: Answer) -> Iterator[str]:
    """Yield what a person wants to know besides the token, in lines of a terminal's width."""
    for line in _told(answer):
        indent = " " * (len(line) - len(line.lstrip(" ")))
        yield from wrap(line.lstrip(" "), columns=COLUMNS, indent=indent, hang=f"{indent}  ")


def _told(answer: Answer) -> Iterator[str]:
    challenge = answer.challenge
    if answer.result is None:
        needless = "no token is needed: " if answer.requirement.required is False else ""
        yield f"{answer.destination}: {needless}{answer.requirement.why}"
    if challenge is None:
        return
    written = f"written {_when(challenge.written.written_at)}"
    yield f"found {visible(challenge.written.key)}, {written}"
    token = challenge.token
    if token.claims is not None:
        until = f", good until {_when(token.expires_at)}" if token.expires_at else ""
        yield f"it is a JWT of {counted(len(token.claims), 'claim')}{until}"
    for other in challenge.others:
        yield f"also there, older: {visible(other.key)}, written {_when(other.written_at)}"
    yield from challenge.notes
    if answer.fit:
        yield from _told_fit(answer.fit, answer.job)


def github_output() -> Path:
    """Return the file that GitHub Actions wants outputs in.

    Raises:
        ConfigError: it is not named.
    """
    named = os.environ.get(GITHUB_OUTPUT)
    if not named:
        raise ConfigError(
            f"--format github: {GITHUB_OUTPUT} names no file; it is set in a step of GitHub Actions"
        )
    return Path(named)


def _told_fit(fit: Fit, job: str) -> Iterator[str]:
    if fit.differences:
        yield f"it does not fit {job}: {counted(len(fit.differences), 'difference')}"
    elif fit.matches:
        yield f"it fits {job}: {', '.join(fit.matches)}"
    else:
        yield f"nothing in it speaks against {job}, and nothing for it"
    for difference in fit.differences:
        yield from _told_difference(difference)
    if fit.unrecognised:
        yield f"claims not recognised, so not compared: {', '.join(map(visible, fit.unrecognised))}"
    yield from fit.notes


def _told_difference(difference: Difference) -> Iterator[str]:
    yield f"  {difference.what}"
    yield f"    token: {visible(difference.said)}"
    yield f"    job:   {visible(difference.wanted)}"
    yield f"    {difference.remedy}"


def _place(destination: Destination, needed: Requirement) -> dict[str, Any]:
    """Return what every answer begins with; what is not known is null."""
    return {
        "destination": str(destination),
        "required": needed.required,
        "why": needed.why,
        "token": None,
        "filename": None,
        "expires_at": None,
    }


def _other(written: Written) -> dict[str, Any]:
    return {"filename": written.key, "written_at": write_moment(written.written_at)}


def _assigned(name: str, value: str) -> str:
    """Return an output's assignment; a key may hold a line break, which must not begin another."""
    if not {"\n", "\r"} & set(value):
        return f"{name}={value}\n"
    end = f"end-{secrets.token_hex(8)}"
    return f"{name}<<{end}\n{value}\n{end}\n"


def _when(time: datetime) -> str:
    return f"{time:%-d %b %Y %H:%M} UTC"


def write_moment(time: datetime | None) -> str | None:
    """Return a time as RFC 3339, UTC."""
    return None if time is None else f"{time:%Y-%m-%dT%H:%M:%SZ}"


def _json(said: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(said)).decode() + "\n"
