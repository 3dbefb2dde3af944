"""The protos as descriptors, and what makes a change of them break clients.

Breaking is what changes the bytes or the generated names that a deployed client relies on: removing or renumbering a field, an enum value or a
method, changing a type, a label or a package. Adding is never breaking. (An own check of a page, since the well-known tools are binaries from registries
that a bare machine does not have.)
"""

import pathlib
import subprocess
import tempfile

from google.protobuf import descriptor_pb2
from sources import ROOT

BASELINE = pathlib.Path(__file__).with_name("rowan_v1.baseline")


def compile_protos(comments: bool = False) -> descriptor_pb2.FileDescriptorSet:
    """Returns the descriptors of rowan.v1 as they are in the checkout."""
    protos = sorted(str(path.relative_to(ROOT / "proto")) for path in (ROOT / "proto/rowan/v1").glob("*.proto"))
    with tempfile.NamedTemporaryFile() as out:
        command = ["protoc", "-I", ".", f"--descriptor_set_out={out.name}", *protos]
        subprocess.run(command + (["--include_source_info"] if comments else []), cwd=ROOT / "proto", check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(out.name).read_bytes())


def _messages(prefix, messages):
    for message in messages:
        name = f"{prefix}.{message.name}"
        yield name, message
        yield from _messages(name, message.nested_type)


def _index(files: descriptor_pb2.FileDescriptorSet) -> dict:
    """Returns everything that clients rely on, by name."""
    known = {}
    for file in files.file:
        enums = [(file.package, enum) for enum in file.enum_type]
        for name, message in _messages(file.package, file.message_type):
            known[f"message {name}"] = ()
            enums += [(name, enum) for enum in message.enum_type]
            for field in message.field:
                one_of = message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else ""
                known[f"field {name} {field.number}"] = (field.name, field.type, field.label, field.type_name, one_of)
        for prefix, enum in enums:
            known[f"enum {prefix}.{enum.name}"] = ()
            for value in enum.value:
                known[f"enum value {prefix}.{enum.name} {value.number}"] = (value.name,)
        for service in file.service:
            for method in service.method:
                known[f"method {file.package}.{service.name}.{method.name}"] = (
                    method.input_type, method.output_type, method.client_streaming, method.server_streaming)
    return known


def breaking_changes(before: descriptor_pb2.FileDescriptorSet, after: descriptor_pb2.FileDescriptorSet) -> list[str]:
    """Returns what of `before` is gone or different in `after`, a line each."""
    old, new = _index(before), _index(after)
    changes = [f"{name} was removed" for name in old if name not in new]
    changes += [f"{name} changed from {old[name]} to {new[name]}" for name in old if name in new and old[name] != new[name]]
    return sorted(changes)
