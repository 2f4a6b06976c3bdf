"""Registers a connection, tests, lists, changes and deletes it, with what openapi-python-client makes of the document, and
prints what it has seen."""

import json
import os
from typing import TypeVar

from patchpanel_client import AuthenticatedClient
from patchpanel_client.api.data_connections import (
    create_connection,
    delete_connection,
    find_connection,
    list_connections,
    test_connection,
    update_connection,
    verify_connection,
)
from patchpanel_client.models.configuration import Configuration
from patchpanel_client.models.connection import Connection
from patchpanel_client.models.connection_page import ConnectionPage
from patchpanel_client.models.create_request import CreateRequest
from patchpanel_client.models.credentials import Credentials
from patchpanel_client.models.error_body import ErrorBody
from patchpanel_client.models.error_content import ErrorContent
from patchpanel_client.models.error_findings import ErrorFindings
from patchpanel_client.models.stage_outcome import StageOutcome
from patchpanel_client.models.test_result import TestResult
from patchpanel_client.models.update_request import UpdateRequest
from patchpanel_client.models.verify_request import VerifyRequest
from patchpanel_client.types import Response

T = TypeVar("T")
PROJECT = "sales"

client = AuthenticatedClient(
    base_url=os.environ["PATCHPANEL"], token=os.environ["TOKEN"], raise_on_unexpected_status=True
)
credentials = {"username": os.environ["DATABASE_USER"], "password": os.environ["DATABASE_PASSWORD"]}


def configuration(port: int) -> Configuration:
    members = {"host": "127.0.0.1", "port": port, "database": os.environ["DATABASE"], "db_schema": "sales"}
    return Configuration.from_dict(members)


def good(kind: type[T], answer: Response[T | ErrorBody]) -> T:
    """The body of a success."""
    assert isinstance(answer.parsed, kind), answer
    return answer.parsed


def refused(answer: object) -> ErrorContent:
    """The error of a refusal."""
    assert isinstance(answer, ErrorBody), answer
    return answer.error


def candidate(port: int, **other: str) -> VerifyRequest:
    sent = Credentials.from_dict(credentials | other)
    return VerifyRequest(connection_type="postgres", database_config=configuration(port), credentials=sent)


def verify(body: VerifyRequest) -> Response[TestResult | ErrorBody]:
    return verify_connection.sync_detailed(client=client, x_project_id=PROJECT, body=body)


def find(resource_uri: str) -> Response[Connection | ErrorBody]:
    return find_connection.sync_detailed(resource_uri, client=client, x_project_id=PROJECT)


def change(resource_uri: str, etag: str, description: str) -> Response[Connection | ErrorBody]:
    body = UpdateRequest(description=description)
    return update_connection.sync_detailed(
        resource_uri, client=client, x_project_id=PROJECT, body=body, if_match=etag
    )


port = int(os.environ["DATABASE_PORT"])

invalid = refused(verify(candidate(0)).parsed)
assert isinstance(invalid.details, ErrorFindings), invalid
finding = invalid.details.findings[0]

wrong = good(TestResult, verify(candidate(port, password="wrong")))
failed = next(stage for stage in wrong.details.stages if stage.outcome == StageOutcome.FAILED)

registration = CreateRequest(
    name="Orders",
    connection_type="postgres",
    database_config=configuration(port),
    credentials=Credentials.from_dict(credentials),
)
registered = good(
    Connection,
    create_connection.sync_detailed(
        client=client, x_project_id=PROJECT, body=registration, idempotency_key="orders-1"
    ),
)
uri = registered.resource_uri

tested = good(TestResult, test_connection.sync_detailed(uri, client=client, x_project_id=PROJECT))
found = find(uri)
etag = found.headers["ETag"]
listed = good(
    ConnectionPage,
    list_connections.sync_detailed(client=client, x_project_id=PROJECT, limit=10, sort="name:asc"),
)

changed = good(Connection, change(uri, etag, "Orders and customers"))
stale = refused(change(uri, etag, "Something else").parsed)

deleted = delete_connection.sync_detailed(uri, client=client, x_project_id=PROJECT)
assert deleted.status_code == 204, deleted
gone = refused(find(uri).parsed)

print(
    json.dumps(
        {
            "refused": [invalid.code.value, finding.pointer, finding.code],
            "wrong_password": [failed.stage.value, failed.outcome.value, failed.code, failed.blame],
            "registered": uri,
            "status": registered.status.value,
            "credentials_set": registered.credentials_set.to_dict(),
            "tested": tested.success,
            "status_after_test": good(Connection, found).status.value,
            "listed": [record.name for record in listed.data],
            "changed": [changed.description, changed.status.value],
            "stale": stale.code.value,
            "gone": gone.code.value,
        }
    )
)
