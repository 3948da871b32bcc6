"""What every key store promises, whatever it keeps its keys in; and what the one on disk promises besides."""

import json
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from telegraphone.keystore.envelope import wrap
from telegraphone.keystore.file import FileKeyStore
from telegraphone.keystore.memory import MemoryKeyStore
from telegraphone.keystore.transit import Transit
from telegraphone.media.errors import DamagedEnvelope, KeyExists, KeyMissing
from tests.interop.storage.openbao import OpenBao

DEK_ID = "0123456789abcdef0123456789abcdef"
Store = FileKeyStore | MemoryKeyStore


@pytest.fixture(params=["memory", "file", "vault"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    makers: dict[str, Callable[[], Store]] = {
        "memory": lambda: MemoryKeyStore(os.urandom),
        "file": lambda: FileKeyStore(tmp_path / "keys"),
        "vault": lambda: FileKeyStore(tmp_path / "keys", transit=transit(request.getfixturevalue("transit_server"))),
    }
    return makers[request.param]()


def transit(server: OpenBao, key: str = "telegraphone-{tenant}") -> Transit:
    return Transit(server.url, "transit", key, server.token_file)


def test_what_nobody_else_is_to_open_stays_with_us(store: Store) -> None:
    dek = store.create("tenant-one", DEK_ID)
    store.release("tenant-one", DEK_ID)
    assert store.open("tenant-one", DEK_ID) == dek


def test_a_new_key_is_32_bytes_and_opens_again(store: Store) -> None:
    dek = store.create("tenant-one", DEK_ID)
    assert len(dek) == 32
    assert store.open("tenant-one", DEK_ID) == dek
    assert store.create("tenant-one", "another-key-id") != dek


def test_a_key_is_handed_out_for_writing_once(store: Store) -> None:
    store.create("tenant-one", DEK_ID)
    for tenant in ("tenant-one", "tenant-two"):
        with pytest.raises(KeyExists):
            store.create(tenant, DEK_ID)


def test_many_keys_made_at_once_are_like_single_ones(store: Store) -> None:
    ids = [f"{number:032x}" for number in range(20)]
    deks = store.create_all("tenant-one", ids)
    assert len(set(deks)) == 20
    assert [store.open("tenant-one", dek_id) for dek_id in ids] == deks
    for known in (ids[3], DEK_ID):
        if known == DEK_ID:
            store.create("tenant-one", DEK_ID)
            store.erase("tenant-one", DEK_ID)
        with pytest.raises(KeyExists):
            store.create_all("tenant-one", ["another-key-id", known])


def test_an_unknown_key_and_another_tenants_look_the_same(store: Store) -> None:
    store.create("tenant-one", DEK_ID)
    with pytest.raises(KeyMissing):
        store.open("tenant-two", DEK_ID)
    with pytest.raises(KeyMissing):
        store.open("tenant-one", "unknown-key-id")


def test_an_erased_key_is_gone_and_its_id_stays_used(store: Store) -> None:
    store.create("tenant-one", DEK_ID)
    assert store.erase("tenant-two", DEK_ID) is False
    assert store.erase("tenant-one", DEK_ID) is True
    assert store.erase("tenant-one", DEK_ID) is False
    with pytest.raises(KeyMissing):
        store.open("tenant-one", DEK_ID)
    with pytest.raises(KeyExists):
        store.create("tenant-one", DEK_ID)


def test_what_is_signed_verifies_under_the_public_key(store: Store) -> None:
    signature = store.sign(b"manifest")
    Ed25519PublicKey.from_public_bytes(store.public_key()).verify(signature, b"manifest")


def test_a_directory_opened_again_has_the_same_keys(tmp_path: Path) -> None:
    first = FileKeyStore(tmp_path / "keys")
    dek = first.create("tenant-one", DEK_ID)
    second = FileKeyStore(tmp_path / "keys")
    assert second.open("tenant-one", DEK_ID) == dek
    assert second.public_key() == first.public_key()
    assert (tmp_path / "keys/signing.pub").read_text().strip() == first.public_key().hex()


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _: FileKeyStore(tmp_path / "keys"), range(8)))
        ids = [f"{number:032x}" for number in range(8)]
        deks = list(pool.map(lambda store, dek_id: store.create("tenant-one", dek_id), stores, ids))
    assert [stores[0].open("tenant-one", dek_id) for dek_id in ids] == deks
    assert len({store.public_key() for store in stores}) == 1


def test_one_of_many_gets_a_key_made_at_once(tmp_path: Path) -> None:
    stores = [FileKeyStore(tmp_path / "keys") for _ in range(4)]

    def create(store: FileKeyStore) -> bytes | None:
        try:
            return store.create("tenant-one", DEK_ID)
        except KeyExists:
            return None

    with ThreadPoolExecutor(4) as pool:
        made = [dek for dek in pool.map(create, stores) if dek]
    assert made == [stores[0].open("tenant-one", DEK_ID)]


def test_secrets_are_for_the_owner_only_and_no_key_lies_plain(tmp_path: Path) -> None:
    store, together = FileKeyStore(tmp_path / "keys"), [f"{number:032x}" for number in range(2)]
    deks = [store.create("tenant-one", DEK_ID), *store.create_all("tenant-one", together)]
    files = [path for path in (tmp_path / "keys").rglob("*") if path.is_file()]
    envelopes = {f"{dek_id}.json" for dek_id in (DEK_ID, *together)}
    assert {path.name for path in files} == {"kek.key", "signing.key", "signing.pub", *envelopes}
    for path in files:
        if path.name != "signing.pub":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        for dek in deks:
            assert dek not in path.read_bytes()
            assert dek.hex().encode() not in path.read_bytes()


@pytest.mark.parametrize("member", ["tenant", "dek_id", "kek_id", "nonce", "wrapped", "wrapper"])
def test_an_envelope_is_bound_to_all_that_it_says(tmp_path: Path, member: str) -> None:
    store = FileKeyStore(tmp_path / "keys")
    store.create("tenant-one", DEK_ID)
    path = tmp_path / "keys/envelopes/01" / f"{DEK_ID}.json"
    facts = json.loads(path.read_text())
    facts[member] = facts[member][:-1] + ("0" if facts[member][-1] != "0" else "1")
    path.write_text(json.dumps(facts))
    with pytest.raises(DamagedEnvelope):
        store.open(facts["tenant"], DEK_ID)


def test_an_envelope_moved_to_another_name_does_not_open(tmp_path: Path) -> None:
    store = FileKeyStore(tmp_path / "keys")
    store.create("tenant-one", DEK_ID)
    path = tmp_path / "keys/envelopes/01"
    (path / f"{DEK_ID}.json").rename(path / "01-another-key.json")
    with pytest.raises(DamagedEnvelope):
        store.open("tenant-one", "01-another-key")


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b'{"wrapper":"kek-gcm"}'])
def test_a_torn_envelope_is_damaged_not_missing(tmp_path: Path, content: bytes) -> None:
    store = FileKeyStore(tmp_path / "keys")
    store.create("tenant-one", DEK_ID)
    (tmp_path / "keys/envelopes/01" / f"{DEK_ID}.json").write_bytes(content)
    with pytest.raises(DamagedEnvelope):
        store.open("tenant-one", DEK_ID)


@pytest.mark.parametrize("content", ["", "zz", "00" * 31])
def test_a_key_file_that_is_none_stops_the_start(tmp_path: Path, content: str) -> None:
    FileKeyStore(tmp_path / "keys")
    (tmp_path / "keys/kek.key").write_text(content)
    with pytest.raises(DamagedEnvelope, match=r"kek\.key"):
        FileKeyStore(tmp_path / "keys")


@pytest.mark.parametrize("dek_id", ["", "../../kek.key", "a/b", "short", "x" * 129, "ä" * 20])
def test_no_path_is_made_of_what_is_no_key_id(tmp_path: Path, dek_id: str) -> None:
    store = FileKeyStore(tmp_path / "keys")
    for deed in (store.open, store.create, store.erase):
        with pytest.raises(KeyMissing):
            deed("tenant-one", dek_id)


def test_another_wrapping_key_opens_nothing(tmp_path: Path) -> None:
    store = FileKeyStore(tmp_path / "keys")
    store.create("tenant-one", DEK_ID)
    foreign = wrap(bytes(32), "tenant-one", DEK_ID, bytes(32), nonce=bytes(12))
    (tmp_path / "keys/envelopes/01" / f"{DEK_ID}.json").write_bytes(foreign)
    with pytest.raises(DamagedEnvelope):
        store.open("tenant-one", DEK_ID)
