"""How every command reads the configuration, and says what is wrong with it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from telegraphone.config import Config

complaints = Console(stderr=True)

ConfigOption = Annotated[Path, typer.Option("--config", help="The configuration file (TOML).")]


def configuration(path: Path) -> "Config":
    """The configuration in a file; says what is wrong with it, and ends with status 2."""
    from telegraphone.config import ConfigError, read

    try:
        return read(path)
    except ConfigError as error:
        for complaint in error.complaints:
            complaints.print(complaint, markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2) from error
