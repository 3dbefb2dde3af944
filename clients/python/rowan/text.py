"""Reads YAML and JSON text into documents, without the surprises of YAML 1.1.

Only `true` and `false` are booleans (a field may be called `on`), dates stay text, `012` is no octal number, numbers
with a fraction keep their digits as Decimals, and a key that appears twice in one object is an error. JSON is YAML, so
one reader serves both.
"""

from __future__ import annotations

import decimal
import os
import pathlib
import re
from typing import Any

import yaml

from rowan.errors import DocumentError

MAX_DEPTH = 100
"""How deep objects and lists may be nested in a text."""


class _Loader(yaml.SafeLoader):
    """A SafeLoader with the scalars of YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict = {}
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark = self.peek_event().start_mark
            raise DocumentError("", f"line {mark.line + 1}: the text is nested more than {MAX_DEPTH} levels deep")
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise DocumentError("", f"line {mark.line + 1}: aliases (*name) are not supported; write the value out")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def unique_mapping(self, node: yaml.MappingNode) -> dict:
        self.flatten_mapping(node)
        result: dict = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise DocumentError("", f"line {line}: the key {key!r} is no text; write it in quotes")
            if key in result:
                raise DocumentError(key, f'line {line}: the key "{key}" appears twice')
            result[key] = self.construct_object(value_node, deep=True)
        return result

    def exact_number(self, node: yaml.ScalarNode) -> float | decimal.Decimal:
        text = node.value.lower()
        return float(text.replace(".", "", 1)) if text.lstrip("+-") in (".inf", ".nan") else decimal.Decimal(text)


for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", "~nN"),
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("tag:yaml.org,2002:int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
):
    _Loader.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern})$", re.ASCII), list(_first))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"$"), [""])
_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.unique_mapping)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.exact_number)


def _whole(loader: _Loader, node: yaml.ScalarNode) -> int:
    text = node.value
    return int(text, 0) if text.startswith(("0o", "0x")) else int(text)


_Loader.add_constructor("tag:yaml.org,2002:int", _whole)


def parse(text: str) -> Any:
    """Returns the document that a YAML or JSON text holds.

    Raises:
        DocumentError: when the text is neither; the message has the line.
    """
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise DocumentError(
            "", f"{where}the text is not YAML or JSON: {getattr(error, 'problem', None) or error}"
        ) from None
    except ValueError as error:
        if isinstance(error, DocumentError):
            raise
        raise DocumentError("", f"the text holds a value that cannot be read: {error}") from None


def load(source: str | os.PathLike[str]) -> Any:
    """Returns the document in a file or in a text.

    Args:
        source: a path, or a text. A string counts as a path when it is one line that ends in .yaml, .yml or .json.

    Raises:
        DocumentError: when the text is neither YAML nor JSON.
        OSError: when the file cannot be read.
    """
    if isinstance(source, os.PathLike) or ("\n" not in source and source.endswith((".yaml", ".yml", ".json"))):
        source = pathlib.Path(source).read_text(encoding="utf-8")
    return parse(source)
