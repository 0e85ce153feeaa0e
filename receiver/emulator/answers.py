"""What the emulated site answers: what of `http_requests` no client decides."""

import random
from datetime import UTC, datetime, timedelta
from typing import Final

from receiver.emulator.lines import go_number
from receiver.emulator.pools import Content, Page, pools
from receiver.emulator.visitors import Fields, hexadecimal

_EXPIRES_FROM: Final = datetime(2026, 11, 20, tzinfo=UTC)
_BLOCKED_BY: Final = ("firewallManaged", "firewallManaged", "firewallCustom", "l7ddos")
_BODILESS: Final = frozenset({204, 301, 302, 304, 499})


def make_answers(rng: random.Random, count: int) -> dict[str, list[Fields]]:
    """Return for each kind of visitor the answers that the site has for it."""
    answers: dict[str, list[Fields]] = {}
    for kind, statuses in pools().statuses.items():
        pages = [page for page in pools().pages if kind in page.asked_by.split()]
        asked = rng.choices(pages, [page.weight for page in pages], k=count)
        codes = rng.choices(
            [code for code, _ in statuses], [share for _, share in statuses], k=count
        )
        answers[kind] = [_answer(rng, page, code) for page, code in zip(asked, codes, strict=True)]
    return answers


def _answer(rng: random.Random, page: Page, status: int) -> Fields:
    content = pools().contents[page.content]
    cache = _cache_status(rng, content, status)
    body_bytes = (
        0 if status in _BODILESS else int(content.median_bytes * rng.lognormvariate(0, 0.7))
    )
    body_bytes = body_bytes if status < 400 else min(body_bytes, 4_200)
    scheme_seen = {"html": ["html"], "json": ["api"]}.get(page.content, [])
    return {
        **_request(rng, page),
        "EdgeResponseStatus": status,
        "EdgeResponseContentType": "" if status in _BODILESS else content.media_type,
        "EdgeResponseBodyBytes": body_bytes,
        "EdgeResponseCompressionRatio": go_number(
            round(rng.uniform(1.5, 6), 2) if page.content in {"html", "js", "css", "json"} else 0.0
        ),
        "WebAssetsLabelsManaged": scheme_seen,
        "WebAssetsOperationID": hexadecimal(rng, 32) if page.content == "json" else "",
        "CacheCacheStatus": cache,
        "CacheTieredFill": cache == "miss" and rng.random() < 0.4,
        "CacheReserveUsed": cache == "hit" and rng.random() < 0.1,
        "CacheLockWaitedMs": rng.randrange(40) if cache == "miss" else 0,
        "CacheResponseBytes": body_bytes + 640,
        "CacheResponseStatus": status if cache != "unknown" else 0,
        "UpperTierColoID": rng.choice((0, 4, 28)) if cache == "miss" else 0,
        "SmartRouteColoID": 0,
        **_origin(rng, content, status, reached=cache not in {"hit", "unknown"}),
        **_security(rng, status),
        **_worker(rng, page),
        **_unused(),
    }


def _request(rng: random.Random, page: Page) -> Fields:
    number, digest = rng.randrange(1, 4000), hexadecimal(rng, 8)
    path, _, query = page.path.replace("{n}", str(number)).replace("{h}", digest).partition("?")
    if not query:
        query = rng.choice(pools().queries).replace("{n}", str(number)).replace("{h}", digest)[1:]
    host = pools().hosts[page.host]
    return {
        "ClientRequestHost": host,
        "ClientRequestMethod": rng.choice(page.methods),
        "ClientRequestPath": path,
        "ClientRequestURI": f"{path}?{query}" if query else path,
        "ClientRequestReferer": rng.choice(pools().referers),
        "EdgeRequestHost": host,
        "ZoneName": pools().zone,
        "ResponseFields": {},
        "ResponseHeaders": {"etag": f'W/"{digest}"', "vary": "Accept-Encoding"},
    }


def _cache_status(rng: random.Random, content: Content, status: int) -> str:
    if status in {403, 429, 499}:
        return "unknown"
    if not content.cacheable:
        return "dynamic" if rng.random() < 0.9 else "bypass"
    if rng.random() < content.cached_share:
        return "hit"
    return rng.choice(("miss", "miss", "expired", "revalidated", "stale"))


def _origin(rng: random.Random, content: Content, status: int, *, reached: bool) -> Fields:
    """What the origin did; empty values where it was not asked."""
    milliseconds = int(content.origin_ms * rng.lognormvariate(0, 0.6)) if reached else 0
    modified = _EXPIRES_FROM - timedelta(minutes=rng.randrange(100_000))
    return {
        "EdgeServerIP": f"192.0.2.{rng.randrange(1, 255)}" if reached else "",
        "OriginIP": f"203.0.113.{rng.randrange(1, 9)}" if reached else "",
        "OriginResponseStatus": status if reached else 0,
        "OriginResponseTime": milliseconds * 1_000_000,
        "OriginResponseDurationMs": milliseconds,
        "OriginResponseHeaderReceiveDurationMs": milliseconds * 3 // 4,
        "OriginRequestHeaderSendDurationMs": 0,
        "OriginDNSResponseTimeMs": rng.randrange(4) if reached else 0,
        "OriginTCPHandshakeDurationMs": rng.randrange(30) if reached else 0,
        "OriginTLSHandshakeDurationMs": rng.randrange(40) if reached else 0,
        "OriginResponseBytes": 0,  # deprecated: empty
        "OriginResponseHTTPLastModified": f"{modified:%a, %d %b %Y %H:%M:%S GMT}"
        if reached
        else "",
        "OriginResponseHTTPExpires": "",
        "OriginSSLProtocol": "TLSv1.3" if reached else "unknown",
    }


def _security(rng: random.Random, status: int) -> Fields:
    """What the rules did; the three lists have one element per rule that matched."""
    if status not in {403, 429}:
        score = rng.randrange(60, 100)
        return {
            "SecurityAction": "", "SecurityActions": [], "SecuritySources": [],
            "SecurityRuleID": "", "SecurityRuleIDs": [], "SecurityRuleDescription": "",
            "MatchedRules": [],
            "WAFAttackScore": score, "WAFSQLiAttackScore": score, "WAFXSSAttackScore": score,
            "WAFRCEAttackScore": score, "EdgePathingOp": "wl", "EdgePathingSrc": "macro",
            "EdgePathingStatus": "nr", "FirewallMatchesActions": [], "FirewallMatchesSources": [],
            "FirewallMatchesRuleIDs": [], "WAFAction": "unknown", "WAFProfile": "", "WAFRuleID": "",
            "WAFRuleMessage": "",
        }  # fmt: skip
    rules = [hexadecimal(rng, 32) for _ in range(rng.choice((1, 1, 2)))]
    source = "rateLimit" if status == 429 else rng.choice(_BLOCKED_BY)
    described = "Rate limit: logins" if status == 429 else 'SQLi & XSS <"body">'
    return {
        "SecurityAction": "block", "SecurityActions": ["log"] * (len(rules) - 1) + ["block"],
        "SecuritySources": [source] * len(rules), "SecurityRuleID": rules[-1],
        "SecurityRuleIDs": rules, "SecurityRuleDescription": described,
        "MatchedRules": [
            {"rule_id": rule, "action": "block", "source": source, "description": described}
            for rule in rules
        ],
        "WAFAttackScore": rng.randrange(1, 20), "WAFSQLiAttackScore": rng.randrange(1, 20),
        "WAFXSSAttackScore": rng.randrange(1, 99), "WAFRCEAttackScore": rng.randrange(1, 99),
        "EdgePathingOp": "ban", "EdgePathingSrc": "filterBasedFirewall", "EdgePathingStatus": "nr",
        "FirewallMatchesActions": ["block"] * len(rules), "FirewallMatchesRuleIDs": rules,
        "FirewallMatchesSources": ["rateLimit" if status == 429 else "waf"] * len(rules),
        "WAFAction": "drop", "WAFProfile": "high", "WAFRuleID": rules[0][:6],
        "WAFRuleMessage": described,
    }  # fmt: skip


def _worker(rng: random.Random, page: Page) -> Fields:
    used = page.content == "json"
    return {
        "WorkerCPUTime": rng.randrange(400, 9000) if used else 0,
        "WorkerWallTimeUs": rng.randrange(3000, 90_000) if used else 0,
        "WorkerScriptName": "api-gateway" if used else "",
        "WorkerStatus": "ok" if used else "unknown",
        "WorkerSubrequestCount": rng.randrange(3) if used else 0,
        "Subrequests": [],
    }


def _unused() -> Fields:
    """Fields of products that this site does not have: empty, as Logpush writes them."""
    strings = ("FraudAttack", "FraudEmailRisk", "LeakedCredentialCheckResult", "PayPerCrawlStatus",
               "WAFFlags", "WAFMatchedVar")  # fmt: skip
    lists = ("AISecurityPIICategories", "AISecurityUnsafeTopicCategories", "ContentScanObjResults",
             "ContentScanObjSizes", "ContentScanObjTypes", "FirewallForAIPIICategories",
             "FirewallForAIUnsafeTopicCategories", "FraudDetectionIDs", "FraudDetectionTags",
             "WAFRequestSignatureCategories", "WAFRequestSignatureRefs")  # fmt: skip
    numbers = ("AISecurityInjectionScore", "AISecurityTokenCount", "FirewallForAIInjectionScore",
               "FirewallForAITokenCount", "EdgeRateLimitID")  # fmt: skip
    return {
        **dict.fromkeys(strings, ""),
        **{name: [] for name in lists},
        **dict.fromkeys(numbers, 0),
        "EdgeRateLimitAction": "",
        "SecurityLevel": "med",
        "ZoneID": 139_804_771,
        "AISecurityCustomTopicCategories": {},
        "EdgeCFConnectingO2O": False,
    }
