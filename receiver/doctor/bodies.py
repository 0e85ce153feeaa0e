"""What Logpush sends to try a destination, as it was seen by those who received it.

Source: Logpush's page on HTTP destinations for the gzip, receivers' own code for the plain text.
"""

import gzip
import zlib
from typing import Final

TEST_NAME: Final = "test.txt.gz"
"""As Logpush's documents name it; whether it lies in buckets under this name, they do not say."""

TEST_OBJECT: Final = gzip.compress(b'{"content":"tests"}', mtime=0)
TEST_TEXT: Final = b"test"
USER_AGENT: Final = "Cloudflare-Logpush/1.0"

STORED_BYTES_MAX: Final = 256
"""A stored test is shorter, however it was packed."""

_GZIP: Final = 16 + zlib.MAX_WBITS
# The first as documented, the second as a receiver met it.
_PLAIN: Final = frozenset({b'{"content":"tests"}', b'{"content":"test"}', TEST_TEXT})


def is_test(stored: bytes) -> bool:
    """Tell whether an object's bytes are one of the tests, packed or not."""
    try:
        plain = zlib.decompressobj(_GZIP).decompress(stored, STORED_BYTES_MAX)
    except zlib.error:
        plain = stored
    return plain.strip() in _PLAIN
