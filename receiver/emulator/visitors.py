"""Who visits the emulated site: everything in an `http_requests` record that the client decides."""

import random
from typing import Any, Final

from receiver.emulator.lines import go_number
from receiver.emulator.pools import Place, pools

Fields = dict[str, Any]

_SIGNALS: Final = (
    "h2h3_ratio_1h", "heuristic_ratio_1h", "reqs_quantile_1h", "uas_rank_1h", "browser_ratio_1h",
    "paths_rank_1h", "reqs_rank_1h", "cache_ratio_1h", "ips_rank_1h", "ips_quantile_1h",
)  # fmt: skip


def make_visitors(rng: random.Random, count: int) -> list[tuple[str, Fields]]:
    """Return visitors, each with its kind (human, app, crawler, scanner) and its fields."""
    weights = pools().kinds
    kinds = rng.choices(list(weights), list(weights.values()), k=count)
    places = rng.choices(pools().places, [place.weight for place in pools().places], k=count)
    return [(kind, _visitor(rng, kind, place)) for kind, place in zip(kinds, places, strict=True)]


def client_ip(rng: random.Random) -> str:
    """Return an address out of those that no network uses: documentation and benchmarking."""
    if rng.random() < 0.25:
        groups = ":".join(f"{rng.getrandbits(16):x}" for _ in range(6))
        return f"2001:db8:{groups}"
    return f"198.{rng.choice((18, 19))}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


def hexadecimal(rng: random.Random, digits: int) -> str:
    """Return random hexadecimal digits."""
    return f"{rng.getrandbits(digits * 4):0{digits}x}"


def _visitor(rng: random.Random, kind: str, place: Place) -> Fields:
    agent_number = rng.randrange(len(pools().agents[kind]))
    agent = pools().agents[kind][agent_number]
    cipher, protocol, group = pools().ciphers[min(int(rng.expovariate(0.9)), 4)]
    return {
        "ClientIP": client_ip(rng),
        "ClientIPClass": {"crawler": "searchEngine", "scanner": "badHost"}.get(kind, "noRecord"),
        "ClientASN": rng.choice(place.asns),
        "ClientCountry": place.country,
        "ClientRegionCode": place.region,
        "ClientCity": place.city,
        "ClientLatitude": place.latitude,
        "ClientLongitude": place.longitude,
        "EdgeColoCode": place.colo,
        "EdgeColoID": place.colo_id,
        "ClientDeviceType": "mobile" if "Mobile" in agent or "iPhone" in agent else "desktop",
        "ClientRequestUserAgent": agent,
        "ClientRequestProtocol": "HTTP/1.1"
        if kind == "scanner"
        else rng.choice(("HTTP/2", "HTTP/3")),
        "ClientRequestScheme": "http" if protocol == "none" else "https",
        "ClientSSLCipher": cipher,
        "ClientSSLProtocol": protocol,
        "ClientTLSKeyExchangeGroup": group,
        "ClientTCPRTTMs": int(rng.lognormvariate(3, 0.8)),
        "ClientMTLSAuthCertFingerprint": "",
        "ClientMTLSAuthStatus": "absent" if kind == "app" else "unknown",
        "ClientXRequestedWith": "XMLHttpRequest" if kind == "app" else "",
        **_bot(rng, kind, agent_number),
        **_fingerprints(rng, protocol),
        **_headers(rng, kind),
    }


def _bot(rng: random.Random, kind: str, agent_number: int) -> Fields:
    """What bot management says. 0 is "not computed"; 1 is certainly a bot."""
    crawler = kind == "crawler"
    score = {"human": rng.randrange(30, 100), "app": rng.randrange(20, 80), "crawler": 1}.get(
        kind, rng.randrange(1, 12)
    )
    source = "Verified Bot" if crawler else rng.choice(("Machine Learning", "Heuristics"))
    return {
        "BotScore": score,
        "BotScoreSrc": source,
        "BotTags": ["bing", "google"][agent_number : agent_number + 1] if crawler else [],
        "BotDetectionIDs": [33554817 + agent_number] if kind == "scanner" else [],
        "BotDetectionTags": ["scanner", "go"] if kind == "scanner" else [],
        "VerifiedBotCategory": pools().crawler_categories[agent_number] if crawler else "",
        "JSDetectionPassed": {"human": "passed", "scanner": "failed"}.get(kind, "missing"),
    }


def _fingerprints(rng: random.Random, protocol: str) -> Fields:
    tls = protocol != "none"
    signals = {name: go_number(round(rng.random(), 12)) for name in _SIGNALS}
    if rng.random() < 0.3:
        signals["heuristic_ratio_1h"] = 0  # as Go writes a whole float
    return {
        "JA3Hash": hexadecimal(rng, 32) if tls else "",
        "JA4": f"t13d1516h2_{hexadecimal(rng, 12)}_{hexadecimal(rng, 12)}" if tls else "",
        "JA4Signals": signals if tls else {},
    }


def _headers(rng: random.Random, kind: str) -> Fields:
    """The custom fields: headers and cookies that a job names, as strings."""
    if kind in {"crawler", "scanner"}:
        return {"Cookies": {}, "RequestHeaders": {"accept": "*/*"}, "FraudUserID": ""}
    user = hexadecimal(rng, 16)
    return {
        "Cookies": {"session": hexadecimal(rng, 24), "city": rng.choice(pools().words)},
        "RequestHeaders": {
            "accept-language": rng.choice(("en-US,en;q=0.9", "de-CH,de;q=0.8", "pt-BR")),
            "x-client": f'{{"app":"shop","build":{rng.randrange(900)},"flags":["a&b"]}}',
        },
        "FraudUserID": user if rng.random() < 0.3 else "",
    }
