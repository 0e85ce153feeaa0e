"""The OpenAPI document is true: schemathesis asks as it says, and looks at every answer."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from receiver.emulator.api.credentials import Credentials
from receiver.emulator.api.rules import Rules
from receiver.emulator.api.server import openapi
from receiver.emulator.pusher.admin import fault_routes
from receiver.emulator.pusher.plan import FaultPlan
from receiver.secret import Secret
from tests.servers.emulator_api import serving
from tests.unit.emulator.api.local_cloud import ACCOUNT, ZONE, make_cloud

TOKEN = "token-of-the-tests"  # long enough for nobody to send it by chance
SCHEMA = schemathesis.openapi.from_dict(msgspec.json.decode(openapi()))
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
]
# Left out: that all which fits the document is accepted. No schema tells a data set's fields, a
# filter or a destination, and what is wrong with them is a 400.


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    cloud = make_cloud(
        tmp_path_factory.mktemp("cloud"),
        rules=Rules(jobs_per_zone_max=10_000, several_per_destination=True),
    )
    credentials = Credentials(tokens=(Secret(TOKEN),))
    faults = fault_routes(FaultPlan())
    with serving(cloud.operations, credentials, extra_routes=faults) as address:
        yield address
    assert {entry.action for entry in cloud.state.audit()} == {"create", "update", "delete"}


@SCHEMA.parametrize()
@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_the_document_says(case: schemathesis.Case[Any], url: str) -> None:
    if case.meta and case.meta.generation.mode is GenerationMode.POSITIVE:
        aim(case)
    case.call_and_validate(
        base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, checks=CHECKS
    )


def aim(case: schemathesis.Case[Any]) -> None:
    """Point a request that fits the document at what is there: chance alone finds none of it."""
    path: dict[str, Any] = case.path_parameters
    if "id" in path:
        path["id"] = (ZONE if "/zones/" in case.path else ACCOUNT).id
    if "job" in path:
        path["job"] = int(path["job"]) % 20
    if "dataset" in path and len(path["dataset"]) % 2:
        path["dataset"] = "firewall_events"
    body: Any = case.body
    if not isinstance(body, dict):
        return
    if "destination_conf" in body:
        body["destination_conf"] = "s3://b/{DATE}?region=x&access-key-id=a&secret-access-key=b"
    body.pop("transformer_id", None)
    for options in (body, body.get("output_options") or {}):
        for key in ("dataset", "logpull_options", "filter", "field_names", "filter_attack_traffic"):
            if len(str(options.get(key))) % 2:
                options.pop(key, None)
