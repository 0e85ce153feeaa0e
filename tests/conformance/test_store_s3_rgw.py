"""Ceph joins the suite: a real S3 gateway, with the rights of bucket policies."""

import pytest

from tests.conformance.s3_suite import S3Suite
from tests.servers.s3 import S3Server


class TestS3StoreOnRGW(S3Suite):
    @pytest.fixture
    def server(self, rgw_server: S3Server) -> S3Server:
        return rgw_server
