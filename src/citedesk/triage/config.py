"""Read a TOML file into a pydantic schema, with errors that name the file, the field and the remedy."""

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from citedesk.errors import ConfigError
from citedesk.text import decode, sha256

Schema = TypeVar("Schema", bound=BaseModel)


def read_toml(path: Path, schema: type[Schema]) -> tuple[Schema, str]:
    """Read and validate a file.

    Returns:
        The value, and the SHA-256 of the file's text as its version.

    Raises:
        ConfigError: if the file is missing, not TOML, or breaks the schema.
    """
    try:
        text = decode(path.read_bytes(), path.name)
        return schema.model_validate(tomllib.loads(text)), sha256(text)
    except FileNotFoundError as error:
        raise ConfigError(f"{path} does not exist; restore it or remove the setting that names it") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}; correct that line") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path}: {where}: {first['msg']}; correct that entry") from error
