"""Objects inside records: those whose inside is published, and a plain one for all others."""

import random
from typing import Any

from receiver.emulator.pools import pools
from receiver.emulator.visitors import Fields, client_ip, hexadecimal


def object_of(rng: random.Random, name: str) -> Fields:
    """Return the object that a field of that name holds; now and then an empty one."""
    if rng.random() < 0.05:
        return {}
    match name:
        case "Event":
            return _worker_event(rng)
        case "ScriptVersion":
            return {"ID": hexadecimal(rng, 32), "Tag": "", "Message": "Deploy <main> & wait"}
        case "JA4Signals":
            return {"h2h3_ratio_1h": 0.98, "reqs_quantile_1h": rng.random(), "uas_rank_1h": 1}
    return {"id": hexadecimal(rng, 12), "note": f"{rng.choice(pools().words)} & more", "n": 1}


def array_of_objects(rng: random.Random, name: str) -> list[Fields]:
    """Return the array that a field of that name holds; often an empty one."""
    return [_element(rng, name) for _ in range(rng.choice((0, 0, 1, 2)))]


def _element(rng: random.Random, name: str) -> Fields:
    at_ms = 1_767_225_600_000 + rng.randrange(10**9)
    match name:
        case "Logs":
            said: list[Any] = ["served", {"path": "/", "ms": rng.randrange(90)}]
            return {"Level": "log", "Message": said, "TimestampMs": at_ms}
        case "Exceptions":
            return {
                "Name": "TypeError",
                "Message": "a && b is not a function",
                "TimestampMs": at_ms,
            }
        case "RData" | "ResourceRecords":
            return {"type": "1", "data": client_ip(rng)}
        case "MatchedRules":
            return {"rule_id": hexadecimal(rng, 32), "action": "block", "source": "waf"}
    return {"name": rng.choice(pools().words), "value": rng.randrange(100)}


def _worker_event(rng: random.Random) -> Fields:
    """A fetch, as `workers_trace_events` nests it."""
    return {
        "RayID": hexadecimal(rng, 16),
        "Request": {"URL": f"https://api.example.com/v2/items?page={rng.randrange(90)}&sort=price",
                    "Method": "GET", "Headers": {"accept": "*/*"}},
        "Response": {"Status": rng.choice((200, 200, 404, 500))},
    }  # fmt: skip
