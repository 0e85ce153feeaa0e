"""The log of an HTTP server of ours, without what requests hold."""

import logging


def server_log(name: str) -> logging.Logger:
    """Return the log for aiohttp to write to: of a request that is no HTTP it quotes the header."""
    log = logging.getLogger(name)
    if not any(isinstance(each, _Wordless) for each in log.filters):
        log.addFilter(_Wordless())
    return log


class _Wordless(logging.Filter):
    """Keeps of an exception its name."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0]:
            record.msg, record.args = f"{record.getMessage()}: {record.exc_info[0].__name__}", ()
        record.exc_info = record.exc_text = None
        return True
