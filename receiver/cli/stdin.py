"""Standard input as chunks of one batch."""

import asyncio
import os
import stat
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import BinaryIO

from receiver.errors import SelectionInvalid
from receiver.limits import READ_CHUNK_BYTES


def require_stdin() -> BinaryIO:
    """Return standard input if a batch can come from there.

    Raises:
        SelectionInvalid: it is closed, or a terminal, where nobody types gzip.
    """
    if sys.stdin is None:
        raise SelectionInvalid("-: standard input is closed; pipe a batch into it")
    if sys.stdin.isatty():
        raise SelectionInvalid("-: standard input is a terminal; pipe a batch into it")
    return sys.stdin.buffer


async def stdin_chunks() -> AsyncGenerator[bytes, None]:
    """Yield what comes in; waiting for a pipe can be cancelled, as a thread's reading cannot.

    Raises:
        SelectionInvalid: nothing can be read from it.
    """
    source = require_stdin()
    mode = os.fstat(source.fileno()).st_mode
    try:
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            async with aclosing(_piped(source)) as chunks:
                async for chunk in chunks:
                    yield chunk
        else:  # a file or a device: never slow, and a loop cannot wait for either
            while chunk := await asyncio.to_thread(source.read, READ_CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise SelectionInvalid(
            f"-: standard input cannot be read: {error.strerror or error}; pipe a batch into it"
        ) from error


async def _piped(source: BinaryIO) -> AsyncGenerator[bytes, None]:
    reader = asyncio.StreamReader(limit=READ_CHUNK_BYTES)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), source
    )
    try:
        while chunk := await reader.read(READ_CHUNK_BYTES):
            yield chunk
    finally:
        transport.close()
