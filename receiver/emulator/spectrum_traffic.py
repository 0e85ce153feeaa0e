"""`spectrum_events`: connections, each with a record when it opens and one when it ends."""

import heapq
import random
from collections.abc import Collection
from typing import Final

from receiver.emulator.pools import Place, pools
from receiver.emulator.timestamps import NANOS, NO_VALUE, WriteTimestamp
from receiver.emulator.visitors import Fields, client_ip, hexadecimal

_CLIENTS: Final = 1500
_MEDIAN_SECONDS: Final = 20
_ENDINGS: Final = (
    (0.965, "disconnect", 200),
    (0.98, "originError", 521),
    (0.99, "originError", 522),
    (1.0, "disconnect", 499),
)
_REFUSALS: Final = (
    (0.4, "clientFiltered", 403),
    (0.8, "tlsError", 497),
    (1.0, "resolveOrigin", 530),
)
_REFUSED_SHARE: Final = 0.02


class SpectrumTraffic:
    """Connections through Spectrum. It remembers which are open, from one window to the next."""

    def __init__(
        self, *, fields: Collection[str], write_timestamp: WriteTimestamp, rng: random.Random
    ) -> None:
        self._rng = rng
        self._write = write_timestamp
        self._asked = frozenset(fields)
        places = rng.choices(pools().places, [place.weight for place in pools().places], k=_CLIENTS)
        clients = [_client(rng, place) for place in places]
        self._clients = [self._only(client) for client in clients]
        self.covered = frozenset(clients[0] | self._connection() | self._course("", 0, 0, 0, 0))
        # (ends at, serial number, client, opened at): the serial number keeps equal ends in order
        self._open: list[tuple[int, int, Fields, int]] = []
        self._opened = 0
        self._left: int | None = None  # records to come; None: no end in sight

    def restart(self, records: int | None) -> None:
        """Forget what is open; the connections of the next `records` end among them."""
        self._open.clear()
        self._opened = 0
        self._left = records

    def fill(self, record: Fields, logged_at: int) -> None:
        """Set in `record` a connection that has ended by `logged_at` (ns), or one that begins."""
        if self._left is not None:
            self._left -= 1
        if self._open and (self._open[0][0] <= logged_at or self._hurried()):
            ended_at, _, client, opened_at = heapq.heappop(self._open)
            if ended_at > logged_at:  # it was to live longer than its window
                ended_at = max(logged_at, opened_at)
            event, status = self._pick(_ENDINGS)
            moved = int(self._rng.lognormvariate(8, 1.6)) if status == 200 else 0
            self._set(record, client, event, status, opened_at, ended_at, moved)
            return
        client = self._clients[int(self._rng.random() * _CLIENTS)] | self._only(self._connection())
        if self._rng.random() < _REFUSED_SHARE or self._hurried():
            event, status = self._pick(_REFUSALS)
            self._set(record, client, event, status, logged_at, logged_at, 0)
            return
        seconds = min(self._rng.lognormvariate(0, 1.1) * _MEDIAN_SECONDS, 3600)
        self._opened += 1
        heapq.heappush(
            self._open, (logged_at + int(seconds * NANOS), self._opened, client, logged_at)
        )
        self._set(record, client, "connect", 0, logged_at, NO_VALUE, 0)

    def _hurried(self) -> bool:
        """Say whether a connection that opened now could not end among the records to come."""
        return self._left is not None and len(self._open) >= self._left

    def _pick(self, chances: tuple[tuple[float, str, int], ...]) -> tuple[str, int]:
        share = self._rng.random()
        return next((event, status) for below, event, status in chances if share < below)

    def _connection(self) -> Fields:
        return {
            "ClientPort": 1024 + int(self._rng.random() * 64_512),
            "ClientTcpRtt": int(self._rng.lognormvariate(17, 0.6)),
            "OriginTcpRtt": int(self._rng.lognormvariate(15, 0.4)),
        }

    def _set(
        self, record: Fields, client: Fields, event: str, status: int, opened_at: int,
        ended_at: int, moved: int,
    ) -> None:  # fmt: skip
        record.update(client)
        record.update(self._only(self._course(event, status, opened_at, ended_at, moved)))
        if event == "clientFiltered" and "ClientMatchedIpFirewall" in self._asked:
            record["ClientMatchedIpFirewall"] = "BLOCK_IP"

    def _course(self, event: str, status: int, opened_at: int, ended_at: int, moved: int) -> Fields:
        return {
            "Event": event,
            "Status": status,
            "ConnectTimestamp": self._write(opened_at),
            "DisconnectTimestamp": self._write(ended_at),
            "Timestamp": self._write(ended_at or opened_at),
            "ClientBytes": moved,
            "OriginBytes": moved * 7,
        }

    def _only(self, fields: Fields) -> Fields:
        return {name: value for name, value in fields.items() if name in self._asked}


def _client(rng: random.Random, place: Place) -> Fields:
    application = rng.randrange(len(pools().tcp_applications))
    encrypted = application != 0
    cipher = "AEAD-AES128-GCM-SHA256" if encrypted else ""
    return {
        "Application": pools().tcp_applications[application],
        "ClientAsn": rng.choice(place.asns),
        "ClientCountry": place.country,
        "ClientIP": client_ip(rng),
        "ClientMatchedIpFirewall": "UNKNOWN",
        "ClientProto": "tcp",
        "ClientTlsCipher": cipher or "UNK",
        "ClientTlsClientHelloServerName": pools().tcp_names[application] if encrypted else "",
        "ClientTlsProtocol": "TLSv1.3" if encrypted else "none",
        "ClientTlsStatus": "OK" if encrypted else "UNKNOWN",
        "ColoCode": place.colo,
        "IpFirewall": encrypted,
        "OriginIP": f"203.0.113.{rng.randrange(1, 9)}",
        "OriginPort": (22, 7777, 8883)[application],
        "OriginProto": "tcp",
        "OriginTlsCipher": cipher,
        "OriginTlsFingerprint": hexadecimal(rng, 64) if encrypted else "",
        "OriginTlsMode": "full" if encrypted else "off",
        "OriginTlsProtocol": "TLSv1.3" if encrypted else "none",
        "OriginTlsStatus": "OK" if encrypted else "UNKNOWN",
        "ProxyProtocol": ("off", "v1", "simple")[application],
    }
