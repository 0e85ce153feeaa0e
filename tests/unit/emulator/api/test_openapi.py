"""The OpenAPI document names what is served, and the limits that are kept."""

import re
from typing import Any

import msgspec

from receiver.emulator.api.credentials import Credentials
from receiver.emulator.api.options import OPTIONS_CHARS_MAX
from receiver.emulator.api.schema import DEFAULTS, FREQUENCIES, KINDS, LIMITS, NAME, NAME_CHARS_MAX
from receiver.emulator.api.server import OPENAPI_PATH, make_app, openapi
from receiver.emulator.filter import BYTES_MAX
from receiver.emulator.pusher.admin import fault_routes
from receiver.emulator.pusher.plan import FaultPlan
from tests.unit.emulator.api.local_cloud import Cloud

DOCUMENT: dict[str, Any] = msgspec.json.decode(openapi())
SCHEMAS = DOCUMENT["components"]["schemas"]


def test_every_route_is_in_it_and_nothing_else(cloud: Cloud) -> None:
    served = set()
    faults = fault_routes(FaultPlan())
    app = make_app(cloud.operations, Credentials(), extra_routes=faults)
    for route in app.router.routes():
        assert route.resource is not None
        path = re.sub(r"\{(\w+)[^{}]*(\{[^}]*\})?[^{}]*\}", r"{\1}", route.resource.canonical)
        kinds = ("accounts",) if "audit_logs" in path else ("zones", "accounts")
        served |= {(route.method, path.replace("{kind}", kind)) for kind in kinds}
    served = {each for each in served if each[1] != OPENAPI_PATH}
    told = {
        (method.upper(), path)
        for path, item in DOCUMENT["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert told == served
    assert len(told) == 2 * 13 + 1 + 2


def test_the_limits_are_those_that_are_kept() -> None:
    for name in ("NewJob", "JobChanges"):
        found = SCHEMAS[name]["properties"]
        assert found["name"]["pattern"] == f"^{NAME.pattern}$"
        assert found["name"]["maxLength"] == NAME_CHARS_MAX
        assert found["kind"]["enum"] == [*KINDS, None]
        assert found["frequency"]["enum"] == [*FREQUENCIES, None]
        assert found["filter"]["maxLength"] == BYTES_MAX
        assert found["logpull_options"]["maxLength"] == OPTIONS_CHARS_MAX
        for key, (least, most) in LIMITS.items():
            numbers = found[key]["anyOf"][-1]
            assert (numbers["minimum"], numbers["maximum"]) == (least, most)


def test_a_new_job_and_its_changes_have_the_same_keys() -> None:
    assert SCHEMAS["NewJob"]["properties"].keys() == SCHEMAS["JobChanges"]["properties"].keys()
    assert DEFAULTS.keys() <= SCHEMAS["NewJob"]["properties"].keys()


async def test_a_job_has_the_keys_that_it_says(cloud: Cloud) -> None:
    job = await cloud.job(filter_attack_traffic=True, subrequest_merging=True)
    assert job.keys() == SCHEMAS["Job"]["properties"].keys()
    assert (await cloud.job("other")).keys() == set(SCHEMAS["Job"]["required"])
