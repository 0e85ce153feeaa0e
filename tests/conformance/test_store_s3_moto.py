"""moto joins the suite: S3 with the rights of IAM users."""

import pytest

from tests.conformance.s3_suite import S3Suite
from tests.servers.s3 import S3Server


class TestS3StoreOnMoto(S3Suite):
    @pytest.fixture
    def server(self, moto_server: S3Server) -> S3Server:
        return moto_server
