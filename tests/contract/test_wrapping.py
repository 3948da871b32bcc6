"""Wrapping keys: each tenant's own, renewed without touching audio, in a key service, and those of a customer."""

import json
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa, x25519

from telegraphone.keystore.backup import back_up, keys_of, read_back, restore
from telegraphone.keystore.envelope import read_envelope
from telegraphone.keystore.file import FileKeyStore, Recipients
from telegraphone.keystore.recipients import UnusableKey, open_envelope, read_recipient
from telegraphone.keystore.transit import Transit
from telegraphone.media.errors import DamagedEnvelope, KeyExists, KeyGivenAway, KeyMissing
from tests.contract.test_keystore import DEK_ID, transit
from tests.interop.storage.openbao import OpenBao

IDS = [f"{number:032x}" for number in range(12)]
ONE, TWO = "tenant-one", "tenant-two"
PASSPHRASE = "a long passphrase"

PrivateKey = x25519.X25519PrivateKey | rsa.RSAPrivateKey


def envelope_file(folder: Path, dek_id: str) -> Path:
    return folder / "envelopes" / dek_id[:2] / f"{dek_id}.json"


def kek_ids(folder: Path) -> set[str]:
    return {json.loads(path.read_text())["kek_id"] for path in (folder / "envelopes").glob("*/*.json")}


def public_file(private: PrivateKey, path: Path) -> Path:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    path.write_bytes(private.public_key().public_bytes(serialization.Encoding.PEM, form))
    return path


def test_each_tenant_has_a_wrapping_key_of_its_own(tmp_path: Path) -> None:
    store = FileKeyStore(tmp_path)
    for tenant in (ONE, TWO):
        store.ring.ensure(tenant)
        store.ring.ensure(tenant)
    for tenant, dek_id in ((ONE, IDS[0]), (TWO, IDS[1]), ("default", IDS[2])):
        store.create(tenant, dek_id)
    assert len(kek_ids(tmp_path)) == 3
    (tmp_path / "keks" / f"{store.ring.tenants()[ONE]}.key").unlink()
    again = FileKeyStore(tmp_path)
    with pytest.raises(DamagedEnvelope, match="not in the key folder"):
        again.open(ONE, IDS[0])
    assert len(again.open(TWO, IDS[1])) == len(again.open("default", IDS[2])) == 32


def test_after_a_rotation_everything_opens_and_nothing_is_under_the_old_key(tmp_path: Path) -> None:
    """CMP-9."""
    store = FileKeyStore(tmp_path)
    running = FileKeyStore(tmp_path)
    deks = {dek_id: store.create(ONE, dek_id) for dek_id in IDS[:10]}
    other = store.create(TWO, IDS[10])
    store.erase(ONE, IDS[9])
    old = kek_ids(tmp_path)
    new, _ = store.ring.renew(ONE), store.ring.renew(TWO)
    deks[IDS[11]] = running.create(ONE, IDS[11])
    assert dict(store.rewrap(ONE)) == dict.fromkeys(IDS[:9], "")
    assert list(store.rewrap(ONE)) == []
    for reader in (store, running, FileKeyStore(tmp_path)):
        assert {dek_id: reader.open(ONE, dek_id) for dek_id in (*IDS[:9], IDS[11])} == {
            dek_id: dek for dek_id, dek in deks.items() if dek_id != IDS[9]
        }
        assert reader.open(TWO, IDS[10]) == other
        with pytest.raises(KeyMissing):
            reader.open(ONE, IDS[9])
    assert kek_ids(tmp_path) == {new, *old}
    assert json.loads(envelope_file(tmp_path, IDS[10]).read_text())["kek_id"] in old


def test_a_rotation_that_broke_off_anywhere_is_finished_by_another(tmp_path: Path) -> None:
    store = FileKeyStore(tmp_path)
    deks = {dek_id: store.create(ONE, dek_id) for dek_id in IDS}
    for _ in range(len(IDS)):
        new = store.ring.renew(ONE)
        for _ in zip(range(3), store.rewrap(ONE), strict=False):
            assert {dek_id: store.open(ONE, dek_id) for dek_id in IDS} == deks
        store = FileKeyStore(tmp_path)
    assert len(kek_ids(tmp_path)) > 1
    list(store.rewrap(ONE))
    assert kek_ids(tmp_path) == {new}
    assert {dek_id: store.open(ONE, dek_id) for dek_id in IDS} == deks


def test_one_damaged_envelope_is_named_and_keeps_no_other_from_being_rewrapped(tmp_path: Path) -> None:
    store = FileKeyStore(tmp_path)
    for dek_id in IDS[:3]:
        store.create(ONE, dek_id)
    envelope_file(tmp_path, IDS[1]).write_bytes(b"torn")
    new = store.ring.renew(ONE)
    told = dict(store.rewrap(ONE))
    assert (told[IDS[0]], told[IDS[2]]) == ("", "")
    assert "envelope" in told[IDS[1]]
    assert json.loads(envelope_file(tmp_path, IDS[2]).read_text())["kek_id"] == new
    assert store.erase(ONE, IDS[1]), "what nobody can read can still be destroyed"


@pytest.mark.parametrize("private", [x25519.X25519PrivateKey.generate(), rsa.generate_private_key(65_537, 3_072)])
def test_a_customer_opens_recordings_without_us(tmp_path: Path, private: PrivateKey) -> None:
    recipient = read_recipient(public_file(private, tmp_path / "customer.pem"))
    keys = tmp_path / "keys"
    store = FileKeyStore(keys, recipients={ONE: Recipients((recipient,))})
    dek, [second] = store.create(ONE, DEK_ID), store.create_all(ONE, [IDS[5]])
    store.create(TWO, IDS[1])
    files = list(keys.glob("envelopes/*/*.to-*.json"))
    envelopes = {each.dek_id: each for each in (read_envelope(path.read_bytes()) for path in files)}
    assert {dek_id: open_envelope(each, private) for dek_id, each in envelopes.items()} == {DEK_ID: dek, IDS[5]: second}
    store.release(ONE, DEK_ID)
    assert store.open(ONE, DEK_ID) == dek
    moved = read_envelope(files[0].read_bytes().replace(b"tenant-one", b"tenant-two"))
    with pytest.raises(DamagedEnvelope):
        open_envelope(moved, private)
    with pytest.raises((DamagedEnvelope, UnusableKey)):
        open_envelope(envelopes[DEK_ID], x25519.X25519PrivateKey.generate())
    assert store.erase(ONE, DEK_ID)
    assert not list(keys.glob(f"envelopes/*/{DEK_ID}*.json"))


def test_where_only_the_customer_shall_open_recordings_we_can_until_they_are_finished(tmp_path: Path) -> None:
    private = x25519.X25519PrivateKey.generate()
    recipient = read_recipient(public_file(private, tmp_path / "customer.pem"))
    store = FileKeyStore(tmp_path / "keys", recipients={ONE: Recipients((recipient,), only=True)})
    dek, other = store.create(ONE, DEK_ID), store.create(TWO, IDS[1])
    assert store.open(ONE, DEK_ID) == dek
    for tenant, dek_id in ((ONE, DEK_ID), (ONE, DEK_ID), (TWO, IDS[1]), (TWO, DEK_ID)):
        store.release(tenant, dek_id)
    with pytest.raises(KeyGivenAway):
        store.open(ONE, DEK_ID)
    with pytest.raises(KeyExists):
        store.create(ONE, DEK_ID)
    assert store.open(TWO, IDS[1]) == other
    [path] = (tmp_path / "keys").glob(f"envelopes/*/{DEK_ID}.to-*.json")
    assert open_envelope(read_envelope(path.read_bytes()), private) == dek
    assert store.erase(ONE, DEK_ID)
    assert not path.exists()


def test_keys_that_cannot_be_wrapped_to_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no key")
    form, pem = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.Encoding.PEM
    signing = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(pem, form)
    (tmp_path / "ed25519.pem").write_bytes(signing)
    public_file(rsa.generate_private_key(65_537, 2_048), tmp_path / "short.pem")
    for name, words in (("text", "text"), ("ed25519.pem", "neither"), ("short.pem", "2048 bits")):
        with pytest.raises(UnusableKey, match=words):
            read_recipient(tmp_path / name)


def test_a_key_service_renews_its_key(tmp_path: Path, transit_server: OpenBao) -> None:
    store = FileKeyStore(tmp_path, transit=transit(transit_server, "rotated-{tenant}"))
    deks = {dek_id: store.create(ONE, dek_id) for dek_id in IDS[:4]}
    before = {dek_id: envelope_file(tmp_path, dek_id).read_bytes() for dek_id in IDS[:4]}
    assert store.renew(ONE).endswith("version 2")
    assert list(store.rewrap(ONE)) == [(dek_id, "") for dek_id in IDS[:4]]
    assert list(store.rewrap(ONE)) == []
    for dek_id, dek in deks.items():
        assert envelope_file(tmp_path, dek_id).read_bytes() != before[dek_id]
        assert store.open(ONE, dek_id) == dek


def test_keys_move_from_the_folder_into_a_key_service(tmp_path: Path, transit_server: OpenBao) -> None:
    deks = dict(zip(IDS, FileKeyStore(tmp_path).create_all(ONE, IDS), strict=True))
    store = FileKeyStore(tmp_path, transit=transit(transit_server))
    assert store.open(ONE, IDS[0]) == deks[IDS[0]]
    assert len(list(store.rewrap(ONE))) == len(IDS)
    assert kek_ids(tmp_path) == {"transit/telegraphone-tenant-one"}
    assert {dek_id: store.open(ONE, dek_id) for dek_id in IDS} == deks
    with pytest.raises(DamagedEnvelope, match="nobody here opens"):
        FileKeyStore(tmp_path).open(ONE, IDS[0])


def test_the_key_service_binds_an_envelope_to_its_place(tmp_path: Path, transit_server: OpenBao) -> None:
    store = FileKeyStore(tmp_path, transit=transit(transit_server, "one-for-all"))
    for dek_id in (IDS[0], IDS[1]):
        store.create(ONE, dek_id)
    facts = json.loads(envelope_file(tmp_path, IDS[0]).read_text())
    envelope_file(tmp_path, IDS[1]).write_text(json.dumps({**facts, "dek_id": IDS[1]}))
    with pytest.raises(DamagedEnvelope, match="Vault"):
        store.open(ONE, IDS[1])


def test_a_key_service_that_is_away_or_forbids_is_an_error_and_gives_no_key(tmp_path: Path, transit_server: OpenBao) -> None:
    (tmp_path / "wrong").write_text("another token")
    (tmp_path / "right").write_text(transit_server.token_file.read_text())
    away = Transit("http://127.0.0.1:9", "transit", "telegraphone", tmp_path / "right")
    forbidden = Transit(transit_server.url, "transit", "telegraphone", tmp_path / "wrong")
    for number, service in enumerate((away, forbidden)):
        store = FileKeyStore(tmp_path / str(number), transit=service)
        with pytest.raises(OSError, match="Vault"):
            store.create(ONE, DEK_ID)
        assert not envelope_file(tmp_path / str(number), DEK_ID).exists()


def test_a_back_up_brings_every_key_back(tmp_path: Path) -> None:
    store = FileKeyStore(tmp_path / "keys")
    store.ring.ensure(ONE)
    store.ring.renew(ONE)
    deks = {(tenant, dek_id): store.create(tenant, dek_id) for tenant, dek_id in ((ONE, IDS[0]), ("default", IDS[1]))}
    backup = back_up(tmp_path / "keys", PASSPHRASE, os.urandom)
    for kek in keys_of(tmp_path / "keys").keks.values():
        assert kek.encode() not in backup
    restore(read_back(backup, PASSPHRASE), tmp_path / "restored")
    (tmp_path / "keys/envelopes").rename(tmp_path / "restored/envelopes")
    again = FileKeyStore(tmp_path / "restored")
    assert {place: again.open(*place) for place in deks} == deks
    assert again.public_key() == store.public_key()
    assert again.ring.tenants() == store.ring.tenants()
    with pytest.raises(FileExistsError):
        restore(read_back(backup, PASSPHRASE), tmp_path / "restored")


def test_a_back_up_opens_by_its_passphrase_alone(tmp_path: Path) -> None:
    FileKeyStore(tmp_path / "keys")
    backup = back_up(tmp_path / "keys", PASSPHRASE, os.urandom)
    for content, words in ((backup, "another passphrase"), (backup[:-9] + b"00000000\n", PASSPHRASE), (b"{}", PASSPHRASE)):
        with pytest.raises(DamagedEnvelope, match="back-up"):
            read_back(content, words)
    with pytest.raises(ValueError, match="12 characters"):
        back_up(tmp_path / "keys", "too short", os.urandom)
    with pytest.raises(FileNotFoundError):
        back_up(tmp_path / "none", PASSPHRASE, os.urandom)
