"""The daemon's log: a JSON object a line for machines, or a line for people."""

import logging
import sys
from datetime import UTC, datetime

import msgspec

from receiver.daemon.settings import LogFormat, LogLevel, LogSettings
from receiver.report.phrase import visible


def set_up_logs(settings: LogSettings) -> None:
    """Log to standard error as the settings say, in place of whatever was set up before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if settings.format is LogFormat.JSON else _Text())
    logging.basicConfig(handlers=[handler], level=settings.level.upper(), force=True)
    for driver in ("botocore", "aiobotocore", "azure", "google", "gcsfs", "alembic", "sqlalchemy"):
        logging.getLogger(driver).setLevel(logging.ERROR)  # theirs repeats ours, with addresses
    tries = logging.NOTSET if settings.level is LogLevel.DEBUG else logging.ERROR
    for asking in ("receiver.store.retry", "receiver.store.sumo_calls", "receiver.api.calls"):
        logging.getLogger(asking).setLevel(tries)  # whoever asks tells how it ends, once


class _Json(logging.Formatter):
    """One object, on one line whatever the message holds."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": _moment(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0]:
            said["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(said).decode()


class _Text(logging.Formatter):
    """A line that cannot be more than one, nor hide anything."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{_moment(record):%Y-%m-%d %H:%M:%S} {record.levelname:<7} "
        line += visible(record.getMessage())
        if record.exc_info and record.exc_info[0]:
            line += f"\n{self.formatException(record.exc_info)}"
        return line


def _moment(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)
