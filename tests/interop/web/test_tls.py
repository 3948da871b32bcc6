"""The HTTP port by TLS: which versions, whose certificate, and a new one without a restart."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from starlette.types import Receive, Scope, Send

from telegraphone.web.bounded_http import BoundedHttp
from telegraphone.web.serving import HttpServer, Listening
from tests.interop.certificates import Authority
from tests.interop.system import HOST, free_port
from tests.interop.web.test_http_bounds import listens


class Place:
    """A folder with the certificate files of a server, `first` to begin with."""

    def __init__(self, folder: Path) -> None:
        self._authority = Authority(folder)
        self.certificate, self.key = folder / "tls.pem", folder / "tls.key"
        self.put("first")

    def put(self, name: str) -> None:
        for made, wanted in zip(self._authority.sign(name), (self.certificate, self.key), strict=True):
            wanted.write_bytes(made.read_bytes())

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._authority.certificate)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def _application(scope: Scope, _: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(scope["client"][0]).encode()})


@asynccontextmanager
async def _serving(place: Place, *trusted: str) -> AsyncIterator[tuple[HttpServer, str]]:
    port = free_port()
    listening = Listening(host=HOST, port=port, certificate=place.certificate, key=place.key, trusted_proxies=trusted)
    server = HttpServer(_application, listening, http=BoundedHttp)
    task = asyncio.create_task(server.serve())
    await listens(server)
    try:
        yield server, f"https://{HOST}:{port}"
    finally:
        server.close()
        await task


async def _subject(url: str, context: ssl.SSLContext) -> str:
    """Who the server says it is."""
    host, _, port = url.removeprefix("https://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port), ssl=context)
    shown = x509.load_der_x509_certificate(writer.get_extra_info("ssl_object").getpeercert(binary_form=True))
    writer.close()
    return str(shown.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


async def test_the_port_speaks_tls_and_nothing_else(place: Place) -> None:
    async with _serving(place) as (_, url):
        async with httpx.AsyncClient(verify=place.trusting(), trust_env=False) as http:
            assert (await http.get(url)).status_code == 200
        async with httpx.AsyncClient(trust_env=False) as http:
            with pytest.raises(httpx.TransportError):
                await http.get(url.replace("https:", "http:"))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_old_versions_are_refused(place: Place) -> None:
    old = place.trusting()
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    async with _serving(place) as (_, url):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await _subject(url, old)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = place.trusting()
            context.minimum_version = context.maximum_version = version
            assert await _subject(url, context) == "first"


async def test_a_new_certificate_is_taken_without_a_restart(place: Place) -> None:
    async with _serving(place) as (server, url):
        place.put("second")
        assert await _subject(url, place.trusting()) == "first"
        server.renew_certificate()
        assert await _subject(url, place.trusting()) == "second"


async def test_a_certificate_that_cannot_be_used_changes_nothing(place: Place) -> None:
    async with _serving(place) as (server, url):
        place.certificate.write_text("no certificate")
        server.renew_certificate()
        place.put("second")
        place.key.unlink()
        server.renew_certificate()
        assert await _subject(url, place.trusting()) == "first"


@pytest.mark.parametrize(
    ("trusted", "seen"),
    [((), HOST), (("192.0.2.1",), HOST), ((HOST,), "198.51.100.7")],
    ids=["nobody is", "another is", "it is"],
)
async def test_only_a_trusted_proxy_says_who_the_client_is(place: Place, trusted: tuple[str, ...], seen: str) -> None:
    client = httpx.AsyncClient(verify=place.trusting(), trust_env=False)
    async with _serving(place, *trusted) as (_, url), client as http:
        response = await http.get(url, headers={"X-Forwarded-For": "198.51.100.7"})
        assert response.text == seen


def test_files_that_cannot_be_used_are_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        HttpServer(_application, Listening(host=HOST, port=0, certificate=tmp_path / "a", key=tmp_path / "b"))
