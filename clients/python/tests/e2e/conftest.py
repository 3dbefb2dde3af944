"""Connects to the rowand at ROWAN_TEST_ADDRESS. Every run registers schemas of its own names over tables of its own."""

import os
import uuid

import pytest

import rowan


@pytest.fixture(scope="session")
def live():
    address = os.environ.get("ROWAN_TEST_ADDRESS")
    if not address:
        pytest.fail("these tests need a running rowand; give its address in ROWAN_TEST_ADDRESS")
    with rowan.connect(address) as client:
        yield client


@pytest.fixture(scope="session")
def unique():
    """A text that no other run has, for names."""
    return "py_" + uuid.uuid4().hex[:12]


def registered(client, document, name):
    """Registers a schema document under a name, over a database schema of that name, and returns the name."""
    result = client.apply_schema({**document, "schema": name, "database_schema": name})
    assert result.applied
    return name
