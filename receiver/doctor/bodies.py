"""What Logpush sends to try a destination, as it was seen by those who received it.

Source: Logpush's page on HTTP destinations for the gzip, receivers' own code for the plain text.
"""

import gzip
from typing import Final

TEST_NAME: Final = "test.txt.gz"
"""The object's name in storage; Logpush writes it again on each change of a job."""

TEST_OBJECT: Final = gzip.compress(b'{"content":"tests"}', mtime=0)
TEST_TEXT: Final = b"test"
USER_AGENT: Final = "Cloudflare-Logpush/1.0"
