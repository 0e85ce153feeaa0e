"""The driver's session, kept from going where an answer leads.

As boto3's, and unlike the driver's own: a `Location` may name anybody, and a session token would
go there too. To follow a bucket into another region is the driver's part, which signs anew.
"""

from typing import Any

import aiohttp
from aiobotocore.httpsession import AIOHTTPSession


class StayingSession(AIOHTTPSession):  # type: ignore[misc]  # the driver has no types
    """A session whose answers may be redirects."""

    async def _get_session(self, proxy_url: str | None) -> "_Staying":
        return _Staying(await super()._get_session(proxy_url))


class _Staying:
    """What the driver's session asks of aiohttp's, with redirects switched off."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def request(self, method: str, **options: Any) -> aiohttp.ClientResponse:
        return await self._session.request(method, allow_redirects=False, **options)


def find_region_once(params: dict[str, Any], **_: Any) -> None:
    """Let a HEAD of the bucket, by which the driver looks for its region, not look for it again.

    A server that answers all with 301 and names no region would be asked without end.
    """
    params["context"]["s3_redirect"]["redirected"] = True
