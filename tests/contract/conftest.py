"""Servers that several contract suites try their adapters on; each is started once, when the first test wants it."""

from collections.abc import Iterator

import pytest

from tests.interop.storage.openbao import OpenBao, openbao
from tests.interop.storage.seaweed import Seaweed, seaweed


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    with seaweed(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture(scope="session")
def transit_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenBao]:
    with openbao(tmp_path_factory.mktemp("openbao")) as server:
        yield server
