"""Entries of a batch, as the server takes them."""
from __future__ import annotations

import base64
from typing import Any, Dict, Mapping, Union

Entry = Dict[str, Any]
Result = Dict[str, Any]
Content = Union[str, bytes]


def files(contents: Mapping[str, Content]) -> Dict[str, Any]:
    """A source of files: path -> text, or bytes."""
    made: Dict[str, Any] = {}
    for path, content in contents.items():
        binary = isinstance(content, (bytes, bytearray))
        made[path] = {"base64": base64.b64encode(content).decode("ascii")} if binary else content  # type: ignore[arg-type]
    return {"files": made}


def patch(text: str) -> Dict[str, Any]:
    """A source that is a unified diff."""
    return {"patch": {"text": text}}
