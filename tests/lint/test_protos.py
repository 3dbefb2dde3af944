"""The protos are documented, and no change of them breaks clients. UPDATE_BASELINE=1 accepts additions into the baseline."""

import copy
import os

import pytest
from descriptors import BASELINE, breaking_changes, compile_protos
from google.protobuf import descriptor_pb2


@pytest.fixture(scope="module")
def protos():
    return compile_protos(comments=True)


def elements(files):
    """Yields every service, method, message, field, enum and value with its path in the source info."""
    for file in files.file:
        comments = {tuple(location.path): location.leading_comments.strip() for location in file.source_code_info.location}

        def messages(prefix, path, found):
            for i, message in enumerate(found):
                name, here = f"{prefix}.{message.name}", (*path, i)
                if message.options.map_entry:
                    continue
                yield name, comments.get(here, "")
                for k, field in enumerate(message.field):
                    yield f"{name}.{field.name}", comments.get((*here, 2, k), "")
                yield from messages(name, (*here, 3), message.nested_type)

        yield from messages(file.package, (4,), file.message_type)
        for i, enum in enumerate(file.enum_type):
            yield f"{file.package}.{enum.name}", comments.get((5, i), "")
            for k, value in enumerate(enum.value):
                yield f"{file.package}.{enum.name}.{value.name}", comments.get((5, i, 2, k), "")
        for i, service in enumerate(file.service):
            yield f"{file.package}.{service.name}", comments.get((6, i), "")
            for k, method in enumerate(service.method):
                yield f"{file.package}.{service.name}.{method.name}", comments.get((6, i, 2, k), "")


def test_every_element_has_a_comment(protos):
    undocumented = [name for name, comment in elements(protos) if len(comment) < 5 or not comment.rstrip().endswith((".", "}", ")"))]
    assert undocumented == []


def test_every_error_reason_has_an_example(protos):
    examples = {name: comment for name, comment in elements(protos) if ".ErrorReason." in name}
    assert len(examples) > 50
    for name, comment in examples.items():
        reason = name.split(".ERROR_REASON_")[1]
        assert reason == "UNSPECIFIED" or f'{{"reason": "{reason}", "metadata": {{' in comment, name


def test_nothing_breaks_clients():
    now = compile_protos()
    if os.environ.get("UPDATE_BASELINE"):
        BASELINE.write_bytes(now.SerializeToString(deterministic=True))
    baseline = descriptor_pb2.FileDescriptorSet.FromString(BASELINE.read_bytes())
    assert breaking_changes(baseline, now) == []


def _message(files, name):
    return next(message for file in files.file for message in file.message_type if message.name == name)


def _service(files, name):
    return next(service for file in files.file for service in file.service if service.name == name)


def _enum(files, name):
    return next(enum for file in files.file for enum in file.enum_type if enum.name == name)


def _change(attribute, value):
    def edit(files):
        setattr(_message(files, "GetRequest").field[0], attribute, value)

    return edit


BREAKING = {
    "a field is removed": lambda files: _message(files, "GetRequest").field.pop(0),
    "a field is renamed": _change("name", "database"),
    "a field is renumbered": _change("number", 99),
    "a field changes its type": _change("type", descriptor_pb2.FieldDescriptorProto.TYPE_BYTES),
    "a field becomes repeated": _change("label", descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED),
    "a field leaves its oneof": lambda files: _message(files, "Filter").field[0].ClearField("oneof_index"),
    "a message is removed": lambda files: [file.message_type.remove(_message(files, "Key")) for file in files.file
                                           if any(message.name == "Key" for message in file.message_type)],
    "an enum value is removed": lambda files: _enum(files, "Operator").value.pop(1),
    "an enum value is renumbered": lambda files: setattr(_enum(files, "Operator").value[1], "number", 77),
    "a method is removed": lambda files: _service(files, "DataService").method.pop(0),
    "a method changes its answer": lambda files: setattr(_service(files, "DataService").method[0], "output_type", ".rowan.v1.Record"),
    "a method stops streaming": lambda files: [setattr(method, "server_streaming", False) for method in _service(files, "DataService").method],
    "a package is renamed": lambda files: setattr(files.file[0], "package", "rowan.v2"),
}


@pytest.mark.parametrize("edit", BREAKING.values(), ids=BREAKING.keys())
def test_the_check_finds_what_breaks(edit):
    before = compile_protos()
    after = copy.deepcopy(before)
    edit(after)
    assert breaking_changes(before, after) != []


def test_the_check_lets_additions_pass():
    before = compile_protos()
    after = copy.deepcopy(before)
    _message(after, "GetRequest").field.add(name="more", number=50, type=descriptor_pb2.FieldDescriptorProto.TYPE_BOOL, label=1)
    _enum(after, "Operator").value.add(name="OPERATOR_MORE", number=50)
    _service(after, "DataService").method.add(name="More", input_type=".rowan.v1.Key", output_type=".rowan.v1.Key")
    assert breaking_changes(before, after) == []
