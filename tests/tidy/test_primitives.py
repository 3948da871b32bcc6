"""Only primitives that are listed here are used anywhere in the program (ASVS 11.2.1 to 11.3.3): another one is a decision."""

import ast
from collections.abc import Iterator

from tests.tidy.rule import repository

CIPHERS = {"ciphers.aead.AESGCM", "hpke"}
SIGNATURES = {"asymmetric.ed25519.Ed25519PrivateKey", "asymmetric.ed25519.Ed25519PublicKey"}
KEYS = {"asymmetric.ec", "asymmetric.padding", "asymmetric.rsa", "asymmetric.x25519", "kdf.hkdf.HKDF", "kdf.scrypt.Scrypt"}
FORMS = {"hashes", "serialization"}
PRIMITIVES = "cryptography.hazmat.primitives"
DIGESTS = {"sha256", "blake2s"}
"""Of `hashlib`."""
CHOSEN = {
    ("src/telegraphone/wire/sip/digest.py", "hashlib.new"),  # MD5 or SHA-256, as the phone can (RFC 8760)
    *(("src/telegraphone/capture/dtls.py", f"hashes.{name}") for name in ("SHA384", "SHA512")),  # of fingerprints (RFC 8122)
}
"""What others choose, where they do."""


def _used(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Lines and names of primitives that are imported, of `hashlib` what is called, of `hashes` which."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PRIMITIVES):
            place = (node.module or "").removeprefix(PRIMITIVES).lstrip(".")
            yield from ((node.lineno, f"{place}.{each.name}".lstrip(".")) for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module in {"hashlib", "hmac", "random", "Crypto"}:
            yield from ((node.lineno, f"{node.module}.{each.name}") for each in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and _is_digest(node.value.id, node.attr):
            yield node.lineno, f"{node.value.id}.{node.attr}"


def _is_digest(module: str, name: str) -> bool:
    """Whether this names a digest: one of `hashlib`, or a class of `hashes` that can be made."""
    return module == "hashlib" or (module == "hashes" and name[0].isupper() and name != "HashAlgorithm")


def test_no_primitive_is_used_that_is_not_listed() -> None:
    allowed = CIPHERS | SIGNATURES | KEYS | FORMS | {f"hashlib.{name}" for name in DIGESTS} | {"hashes.SHA256"}
    found, others = set[str](), []
    for source in repository():
        if not source.path.startswith("src/") or not source.path.endswith(".py"):
            continue
        for line, name in _used(ast.parse("\n".join(source.lines))):
            found.add(name)
            if name not in allowed and (source.path, name) not in CHOSEN:
                others.append(f"{source.path}:{line}: {name}")
    assert others == []
    assert allowed <= found, f"listed and not used: {allowed - found}"


def test_another_primitive_would_be_found() -> None:
    said = "from cryptography.hazmat.primitives.ciphers import modes\nimport hashlib\nhashlib.md5(b'')\nhashes.SHA1()"
    assert [name for _, name in _used(ast.parse(said))] == ["ciphers.modes", "hashlib.md5", "hashes.SHA1"]
