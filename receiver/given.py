"""Texts that are given by where they stand: in the environment, in a file, on standard input.

So a secret need not stand in a command line or in a configuration file.
"""

import os
import sys
from pathlib import Path
from typing import Final

from receiver.errors import ConfigError, JobInvalid

STDIN: Final = "-"
ENVIRONMENT: Final = "env:"


def is_elsewhere(argument: str) -> bool:
    """Whether an argument only says where its text stands."""
    return argument.startswith((ENVIRONMENT, "@"))


def text_of(argument: str, *, option: str = "") -> str:
    """Return an argument, or what stands in the file of `@FILE` or the variable of `env:NAME`.

    So a destination_conf, which is a secret, need not stand in a command line. A file's line end
    is left out.

    Raises:
        ConfigError: names the file or the variable, and the option.
    """
    if argument.startswith(ENVIRONMENT):
        name = argument.removeprefix(ENVIRONMENT)
        value = os.environ.get(name)
        if not value:
            said = "is empty" if value == "" else "is not set"
            raise ConfigError(f"{option}{argument}: the variable {said}; export {name or 'it'}")
        return value
    if not argument.startswith("@"):
        return argument
    option, remedy = f"{option}@", "after the @ stands the name of a file that can be read"
    try:
        text = read_argument(argument[1:], option=option, remedy=remedy).decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{option}{argument[1:]}: not UTF-8 text; {remedy}") from error
    return text.rstrip("\r\n")


def read_argument(file: str, *, option: str, remedy: str) -> bytes:
    """Return what a file, or standard input, holds; an error names the option that named it."""
    try:
        if file != STDIN:
            return Path(file).read_bytes()
        if sys.stdin is None:
            raise JobInvalid(f"{option}{file}: standard input is closed; pipe the text into it")
        return sys.stdin.buffer.read()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no name of a file"
        raise JobInvalid(f"{option}{file}: {reason}; {remedy}") from error
