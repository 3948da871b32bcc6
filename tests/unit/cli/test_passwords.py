"""New passwords that are guessed soon are refused, and no others (ASVS 6.2.1 to 6.2.12)."""

import pytest
from argon2 import PasswordHasher
from typer.testing import CliRunner

from telegraphone.cli import app
from telegraphone.cli.passwords import objection


@pytest.mark.parametrize(
    "password", ["", "7charac", "password", "Password1", "qwertyuiop", "12345678", "iloveyou", "aaaaaaaaaaaa"]
)
def test_short_and_common_ones_are_refused(password: str) -> None:
    assert objection(password)


@pytest.mark.parametrize(
    "password", ["correct horse battery", "tolstoi-kvas-9", "every kvas barrel " * 5, "Ünïcödé wörds ållowed", " spaces kept "]
)
def test_others_are_taken_whatever_they_are_made_of(password: str) -> None:
    assert not objection(password)


def test_the_command_hashes_a_good_one_unchanged_and_nothing_else() -> None:
    said = " Correct horse, battery! "
    done = CliRunner().invoke(app, ["user", "hash-password"], input=f"{said}\n{said}\n")
    [made] = [word for word in done.stdout.split() if word.startswith("$argon2id$")]
    assert PasswordHasher().verify(made, said)
    refused = CliRunner().invoke(app, ["user", "hash-password"], input="password\npassword\n")
    assert refused.exit_code == 1
    assert "$argon2" not in refused.stdout
