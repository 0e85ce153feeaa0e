"""Standard input as chunks of one batch."""

import asyncio
import os
import stat
import sys
from collections.abc import AsyncGenerator

from receiver.errors import SelectionInvalid
from receiver.limits import READ_CHUNK_BYTES


async def stdin_chunks() -> AsyncGenerator[bytes, None]:
    """Yield what comes in; waiting for a pipe can be cancelled, as a thread's reading cannot.

    Raises:
        SelectionInvalid: it is a terminal, where nobody types gzip.
    """
    source = sys.stdin.buffer
    if source.isatty():
        raise SelectionInvalid("-: standard input is a terminal; pipe a batch into it")
    if stat.S_ISREG(os.fstat(source.fileno()).st_mode):  # no pipe, and never slow
        while chunk := await asyncio.to_thread(source.read, READ_CHUNK_BYTES):
            yield chunk
        return
    reader = asyncio.StreamReader(limit=READ_CHUNK_BYTES)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), source
    )
    try:
        while chunk := await reader.read(READ_CHUNK_BYTES):
            yield chunk
    finally:
        transport.close()
