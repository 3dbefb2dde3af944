"""The pieces of documents: each function returns a piece when it is of the kind that its place needs.

All raise DocumentError at the piece's path when it is not. Paths are spelled like those of the server's errors:
"select.posts.where.title.eq".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Optional, TypeVar

from rowan import values
from rowan.errors import DocumentError, nearest

MAX_DEPTH = 20
"""How deep selections, filters and writes may be nested. The server's own limits are lower; this one keeps a request
below the 100 levels of messages that protobuf reads, so that the server can say what is wrong."""

Word = TypeVar("Word")


def mapping(node: Any, path: str, what: str, known: Optional[Iterable[str]] = None) -> Mapping[str, Any]:
    """Returns an object; with no keys besides the known ones when those are given."""
    if not isinstance(node, Mapping):
        raise wrong_kind(path, node, f"{what}, an object,")
    known = None if known is None else tuple(known)
    for key in node if known is not None else ():
        if key not in known:
            raise DocumentError(
                join(path, str(key)), f'"{key}" is no key of {what}{nearest(key, known)}; there are {", ".join(known)}'
            )
    return node


def single(node: Any, path: str, needed: str) -> tuple[str, Any, str]:
    """Returns the only entry of an object: its key, its operand, and the operand's path."""
    if not isinstance(node, Mapping) or len(node) != 1:
        raise wrong_kind(path, node, needed)
    ((key, operand),) = node.items()
    return key, operand, join(path, name(key, path))


def items(node: Any, path: str) -> list[tuple[Any, str]]:
    """Returns the items of a list with their paths; anything else is the only item of itself."""
    if isinstance(node, (list, tuple)):
        return [(item, f"{path}[{index}]") for index, item in enumerate(node)]
    return [(node, path)]


def name(key: Any, path: str) -> str:
    """Returns the key of an object that stands at `path`."""
    if not isinstance(key, str):
        raise DocumentError(path, f"the key {key!r} is no text; write it in quotes")
    return _unicode(key, path, "key")


def text(node: Any, path: str, what: str) -> str:
    """Returns a text, for example a field's name."""
    if not isinstance(node, str):
        raise wrong_kind(path, node, what)
    return _unicode(node, path, "text")


def flag(node: Any, path: str) -> bool:
    """Returns true or false."""
    if not isinstance(node, bool):
        raise wrong_kind(path, node, "true or false")
    return node


def whole(node: Any, path: str) -> int:
    """Returns a whole number within int64."""
    if isinstance(node, bool) or not isinstance(node, int) or not values.INT64_MIN <= node <= values.INT64_MAX:
        raise wrong_kind(path, node, "a whole number")
    return node


def word(node: Any, path: str, what: str, known: Mapping[str, Word]) -> Word:
    """Returns what one of the known words stands for."""
    if not isinstance(node, str):
        raise wrong_kind(path, node, f"a {what} ({', '.join(known)})")
    if node not in known:
        raise DocumentError(path, f'there is no {what} "{node}"{nearest(node, known)}; there are {", ".join(known)}')
    return known[node]


def check_depth(depth: int, path: str) -> None:
    """Refuses what is nested too deep."""
    if depth > MAX_DEPTH:
        raise DocumentError(path, f"the document is nested more than {MAX_DEPTH} levels deep")


def wrong_kind(path: str, node: Any, needed: str) -> DocumentError:
    """Makes the error for a piece that is something else than its place needs."""
    return DocumentError(path, f"{kind(node)} stands where {needed} is needed")


def kind(node: Any) -> str:
    """Returns what a piece is, for messages."""
    if node is None:
        return "null"
    if isinstance(node, bool):
        return "true" if node else "false"
    if isinstance(node, Mapping):
        return "an object"
    if isinstance(node, (list, tuple)):
        return "a list"
    return "a text" if isinstance(node, str) else f"a {type(node).__name__}"


def join(path: str, key: str) -> str:
    """Returns the path of an object's member."""
    return f"{path}.{key}" if path else key


def _unicode(said: str, path: str, what: str) -> str:
    try:
        said.encode()
    except UnicodeEncodeError:
        raise DocumentError(path, f"the {what} {said!r} holds half of a surrogate pair, which is not Unicode") from None
    return said
