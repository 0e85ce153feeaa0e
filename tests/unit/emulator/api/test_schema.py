"""What a request may hold: the documented limits, each on both of its sides."""

import pytest

from receiver.emulator.api.refusals import Refusal
from receiver.emulator.api.schema import DEFAULTS, dataset_of, read_changes, read_new
from receiver.emulator.cloud import Scope
from tests.unit.emulator.api.local_cloud import ACCOUNT, ZONE, code_of

CONF = "s3://bucket/logs?region=eu-west-1"
JOB = {"id": 1, "dataset": "http_requests", "kind": "", "destination_conf": CONF, **DEFAULTS}
FILTER = '{"where":{"key":"ClientRequestHost","operator":"eq","value":"example.com"}}'


def new(scope: Scope = ZONE, /, **body: object) -> dict[str, object]:
    return read_new({"destination_conf": CONF, **body}, scope).fields


def refused(scope: Scope = ZONE, /, **body: object) -> str:
    with pytest.raises(Refusal) as error:
        new(scope, **body)
    assert code_of(error)[0] == 400
    return error.value.message


class TestNew:
    def test_a_conf_is_enough_and_the_rest_is_documented_defaults(self) -> None:
        assert new() == {
            "dataset": "http_requests",
            "kind": "",
            "enabled": False,
            "name": "",
            "logpull_options": None,
            "output_options": None,
            "destination_conf": CONF,
            "filter": "",
            "frequency": "high",
            "max_upload_bytes": None,
            "max_upload_records": None,
            "max_upload_interval_seconds": None,
            "last_complete": None,
            "last_error": None,
            "error_message": None,
        }

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("name", "theburritobot.com"),
            ("name", "a_b-c.D9"),
            ("name", "x" * 512),
            ("name", ""),
            ("kind", "edge"),
            ("enabled", True),
            ("logpull_options", "fields=RayID,ClientIP&sample=0.001&timestamps=rfc3339"),
            ("logpull_options", "fields=RayID,WAFAction"),  # once documented
            ("logpull_options", ""),
            ("output_options", {"field_names": ["RayID"], "sample_rate": 1}),
            ("output_options", {"sample_rate": 0.0001, "timestamp_format": "rfc3339ns"}),
            ("filter", FILTER),
            ("frequency", "low"),
            ("max_upload_bytes", 0),
            ("max_upload_bytes", 5_000_000),
            ("max_upload_records", 1_000_000),
            ("max_upload_interval_seconds", 30),
            ("filter_attack_traffic", True),
            ("subrequest_merging", True),
        ],
    )
    def test_what_is_documented_is_kept_as_given(self, key: str, value: object) -> None:
        assert new(**{key: value})[key] == value

    @pytest.mark.parametrize(
        ("key", "value", "says"),
        [
            ("name", "two words", "`name` has letters"),
            ("name", "x" * 513, "512 at most"),
            ("name", "a\n", "`name` has letters"),
            ("name", 5, "`name` is a string"),
            ("kind", "instant-logs", "`kind` is one of"),
            ("enabled", "true", "`enabled` is true or false"),
            ("enabled", None, "`enabled` is true or false"),
            ("enabled", 1, "`enabled` is true or false"),
            ("dataset", "http_request", "no data set"),
            ("dataset", "gateway_dns", "belongs to accounts only"),
            ("logpull_options", "fields=RayID,Nonsense", "has no field Nonsense"),
            ("logpull_options", "sample=0.0009", "`sample` is 0.0009: from 0.001 to 1.0"),
            ("logpull_options", "sample=1.5", "above 1"),
            ("logpull_options", "timestamps=iso", "`timestamps`"),
            ("logpull_options", "timestamps=rfc3339ns", "unixnano, unix or rfc3339"),
            ("logpull_options", "fields=" + "RayID," * 700, "longer than 4096"),
            ("logpull_options", ["fields"], "`logpull_options` is a string"),
            ("output_options", "fields", "`output_options` is an object"),
            ("output_options", {"field_names": ["Nonsense"]}, "has no field Nonsense"),
            ("output_options", {"sample_rate": 0}, "a share above 0"),
            ("output_options", {"sample_rate": 1.1}, "above 1"),
            ("output_options", {"output_type": "xml"}, "ndjson or csv"),
            ("output_options", {"x": [[1]]}, "`x` is nested"),
            ("output_options", {"x": {}}, "`x` is nested"),
            ("output_options", {"record_template": "{{if}}"}, "output_options: `record_template`"),
            ("filter", "{", "filter: not JSON"),
            ("filter", '{"where":{}}', "filter: "),
            ("filter", FILTER.replace("ClientRequestHost", "Nonsense"), "no field"),
            ("filter", FILTER + " " * 1000, "1,000 bytes"),
            ("frequency", "often", "`frequency` is one of"),
            ("max_upload_bytes", 4_999_999, "0 or from 5,000,000 to 1,000,000,000"),
            ("max_upload_bytes", True, "0 or from"),
            ("max_upload_records", 999, "0 or from 1,000 to 1,000,000"),
            ("max_upload_interval_seconds", 301, "0 or from 30 to 300"),
            ("filter_attack_traffic", "yes", "true or false"),
            ("destination_conf", "", "`destination_conf` is missing"),
            ("destination_conf", None, "`destination_conf` is missing"),
            ("destination_conf", 5, "`destination_conf` is a string"),
            ("destination_conf", "s3://" + "b" * 4096, "longer than 4096"),
            ("transformer_id", "x", "`transformer_id` is an integer"),
            ("transformer_id", [1], "`transformer_id` is an integer"),
            ("ownership_challenge", 5, "`ownership_challenge` is a string"),
        ],
    )
    def test_what_is_not_is_refused_in_words_of_ours(
        self, key: str, value: object, says: str
    ) -> None:
        message = refused(**{key: value})
        assert says in message
        assert message.startswith("logpush-receiver emulate: ")

    def test_a_transformer_is_refused_in_documented_words(self) -> None:
        assert refused(transformer_id=7) == "transformer 7 not found for this account"
        assert new(transformer_id=0) == new()

    def test_nulls_are_defaults(self) -> None:
        nulls = dict.fromkeys([*DEFAULTS.keys() - {"enabled"}, "dataset", "kind"])
        assert new(**nulls, filter_attack_traffic=None) == new()

    def test_unknown_keys_and_what_only_logpush_writes_pass_unread(self) -> None:
        given = {"id": 9, "last_complete": "x", "error_message": 5, "whatever": [1]}
        assert new(**given) == new()

    def test_attack_traffic_is_only_filtered_where_there_is_any(self) -> None:
        assert "for firewall_events" in refused(dataset="dns_logs", filter_attack_traffic=True)
        assert (
            new(dataset="dns_logs", filter_attack_traffic=False)["filter_attack_traffic"] is False
        )

    def test_logpull_options_are_judged_even_where_output_options_win(self) -> None:
        assert "Nonsense" in refused(logpull_options="fields=Nonsense", output_options={})

    def test_a_data_set_is_the_same_in_capitals(self) -> None:
        assert new(dataset="Spectrum_Events")["dataset"] == "spectrum_events"


class TestChanges:
    def changes(self, **body: object) -> dict[str, object]:
        return read_changes(body, JOB, ZONE).fields

    def test_only_what_is_given_changes(self) -> None:
        assert self.changes(enabled=True) == {"enabled": True}
        assert self.changes() == {}

    def test_a_null_takes_an_option_back(self) -> None:
        assert self.changes(logpull_options=None, max_upload_bytes=None, name=None) == {
            "logpull_options": None,
            "max_upload_bytes": None,
            "name": "",
        }

    def test_the_job_as_it_was_answered_can_be_sent_back(self) -> None:
        assert self.changes(**JOB) == {
            key: value for key, value in JOB.items() if key not in {"id", "dataset", "kind"}
        }

    @pytest.mark.parametrize("change", [{"kind": "edge"}, {"dataset": "spectrum_events"}])
    def test_dataset_and_kind_stay(self, change: dict[str, object]) -> None:
        with pytest.raises(Refusal, match="cannot be changed") as error:
            self.changes(**change)
        assert code_of(error)[0] == 400

    def test_fields_are_judged_by_the_jobs_own_data_set(self) -> None:
        with pytest.raises(Refusal, match="http_requests has no field ColoCode"):
            self.changes(logpull_options="fields=ColoCode")


class TestDataset:
    def test_each_belongs_to_its_scope_and_one_to_both(self) -> None:
        assert dataset_of("http_requests", ZONE).name == "http_requests"
        assert dataset_of("gateway_dns", ACCOUNT).name == "gateway_dns"
        assert dataset_of("firewall_events", ACCOUNT) == dataset_of("firewall_events", ZONE)
        with pytest.raises(Refusal, match="belongs to zones only"):
            dataset_of("http_requests", ACCOUNT)

    def test_an_unknown_one_in_a_path_is_a_404(self) -> None:
        with pytest.raises(Refusal) as error:
            dataset_of("nonsense", ZONE)
        assert code_of(error)[0] == 404


def test_a_body_is_not_quoted_where_it_may_hold_a_secret() -> None:
    message = refused(destination_conf=["s3://b?secret-access-key=SECRET"])
    assert "SECRET" not in message
