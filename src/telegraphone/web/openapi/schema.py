"""The few words of JSON Schema (2020-12) that the API's answers and requests are described in."""

from collections.abc import Mapping
from typing import Final

Schema = dict[str, object]

TEXT: Final[Schema] = {"type": "string"}
FLAG: Final[Schema] = {"type": "boolean"}
WHOLE: Final[Schema] = {"type": "integer"}
ANYTHING: Final[Schema] = {}
UUID: Final[Schema] = {"type": "string", "format": "uuid"}
LINK: Final[Schema] = {"type": "string", "format": "uri"}
PATH: Final[Schema] = {"type": "string", "pattern": "^/"}
DIGITS: Final[Schema] = {"type": "string", "pattern": "^[0-9]+$"}
TIME: Final[Schema] = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$"}
DATA: Final[Schema] = {"type": "object", "description": "Any JSON; nested values are kept as sent."}


def about(schema: Schema, description: str) -> Schema:
    """The schema with words about it."""
    return {**schema, "description": description}


def words(*values: str) -> Schema:
    """A text that is one of these."""
    return {"type": "string", "enum": list(values)}


def listed(schema: Schema) -> Schema:
    """An array of such things."""
    return {"type": "array", "items": schema}


def record(always: Mapping[str, Schema], sometimes: Mapping[str, Schema] | None = None, *, closed: bool = True) -> Schema:
    """An object with these members; a closed one has no others."""
    made: Schema = {"type": "object", "properties": {**always, **(sometimes or {})}}
    if always:
        made["required"] = list(always)
    if closed:
        made["additionalProperties"] = False
    return made


def some_of(schema: Schema) -> Schema:
    """The same object with only those members that a client listed."""
    return {key: value for key, value in schema.items() if key != "required"}


def ref(name: str) -> Schema:
    """A schema of the document's own, by name."""
    return {"$ref": f"#/components/schemas/{name}"}
