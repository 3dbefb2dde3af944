#include "engine/references.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/errors_transaction.h"
#include "engine/base/status_macros.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Records = google::protobuf::RepeatedPtrField<v1::Record>;

constexpr char kForms[] = "is not of the form id.field, id[0].field, id.relation[0].field or id[].field";

// One step of a reference: a name with or without an index.
struct Step {
  enum class Index { kFirst, kAt, kAll };

  std::string_view name;
  Index index = Index::kFirst;
  int at = 0;
};

// Takes the first step off the rest of a reference. Returns false when there is none.
bool TakeStep(std::string_view& rest, Step& step) {
  const size_t end = std::min(rest.find_first_of(".["), rest.size());
  step.name = rest.substr(0, end);
  rest.remove_prefix(end);
  if (step.name.empty()) return false;
  if (rest.starts_with("[]")) {
    step.index = Step::Index::kAll;
    rest.remove_prefix(2);
  } else if (rest.starts_with("[")) {
    const size_t close = rest.find(']');
    if (close == std::string_view::npos) return false;
    const std::string digits(rest.substr(1, close - 1));
    if (digits.find_first_not_of("0123456789") != std::string::npos || !absl::SimpleAtoi(digits, &step.at)) return false;
    step.index = Step::Index::kAt;
    rest.remove_prefix(close + 1);
  }
  if (rest.empty()) return true;
  if (!rest.starts_with(".")) return false;
  rest.remove_prefix(1);
  return !rest.empty();
}

std::string Names(const v1::Shape& shape) {
  std::string names;
  for (const v1::ShapeField& field : shape.fields()) absl::StrAppend(&names, names.empty() ? "" : ", ", field.name());
  for (const v1::ShapeRelation& relation : shape.relations()) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", relation.name());
  }
  return names;
}

// Any value of the type; few samples are alike, so that they do not name one record where several are meant. `serial`
// counts them.
v1::Value SampleOf(const v1::FieldType& type, int serial) {
  v1::Value value;
  if (type.array()) {
    v1::FieldType element = type;
    element.set_array(false);
    *value.mutable_array_value()->add_values() = SampleOf(element, serial);
    return value;
  }
  switch (type.scalar()) {
    case v1::SCALAR_TYPE_INT16:
      value.set_int_value(31000 + serial % 1700);
      break;
    case v1::SCALAR_TYPE_INT32:
    case v1::SCALAR_TYPE_INT64:
    case v1::SCALAR_TYPE_AUTO_INCREMENT:
      value.set_int_value(1987654000 + serial);
      break;
    case v1::SCALAR_TYPE_FLOAT32:
    case v1::SCALAR_TYPE_FLOAT64:
    case v1::SCALAR_TYPE_NUMBER:
      value.set_double_value(serial);
      break;
    case v1::SCALAR_TYPE_DECIMAL:
      value.set_decimal_value("0");
      break;
    case v1::SCALAR_TYPE_BOOL:
      value.set_bool_value(serial % 2 == 1);
      break;
    case v1::SCALAR_TYPE_STRING:
    case v1::SCALAR_TYPE_TEXT:
    case v1::SCALAR_TYPE_UNSPECIFIED:
      value.set_text_value(std::to_string(serial));
      break;
    case v1::SCALAR_TYPE_BYTES:
      value.set_bytes_value(std::to_string(serial));
      break;
    case v1::SCALAR_TYPE_UUID: {
      const std::string digits = std::to_string(serial);
      const std::string zeros = "00000000-0000-4000-8000-000000000000";
      value.set_uuid_value(zeros.substr(0, zeros.size() - digits.size()) + digits);
      break;
    }
    case v1::SCALAR_TYPE_DATE:
      value.set_date_value("2000-01-01");
      break;
    case v1::SCALAR_TYPE_TIME:
      value.set_time_value("00:00:00");
      break;
    case v1::SCALAR_TYPE_TIMESTAMP:
    case v1::SCALAR_TYPE_LOCAL_TIMESTAMP:
      value.mutable_timestamp_value()->set_seconds(946684800 + serial);
      break;
    case v1::SCALAR_TYPE_JSON:
      value.set_json_value("{}");
      break;
    case v1::SCALAR_TYPE_ENUM:
      value.set_text_value(type.labels().empty() ? "" : type.labels(serial % type.labels_size()));
      break;
    default:
      break;
  }
  return value;
}

// Follows one reference through an answer, or through the shape of one that is yet to come.
class Follower {
 public:
  explicit Follower(int serial) : serial_(serial) {}

  absl::StatusOr<v1::Value> Follow(const Referent& referent, const Step& root, std::string_view rest) {
    if (referent.shape == nullptr) return Unknown("is to an operation that returns no records. Give it a `returning`");
    std::vector<const v1::Record*> records;
    sampling_ = referent.records == nullptr;
    if (!sampling_) {
      for (const v1::Record& record : *referent.records) records.push_back(&record);
      ROWAN_RETURN_IF_ERROR(Pick(root, records));
    }
    many_ = root.index == Step::Index::kAll;
    return FollowRest(*referent.shape, records, rest);
  }

  bool empty() const { return empty_; }

 private:
  // The message is what UnknownReference takes; the code is never seen.
  static absl::Status Unknown(const std::string& why) { return absl::NotFoundError(why); }

  // Keeps the records that the step's index means.
  absl::Status Pick(const Step& step, std::vector<const v1::Record*>& records) {
    if (step.index == Step::Index::kAll) return absl::OkStatus();
    const size_t at = step.index == Step::Index::kAt ? static_cast<size_t>(step.at) : 0;
    if (at < records.size()) {
      records = {records[at]};
      return absl::OkStatus();
    }
    records.clear();
    // Among all of them, those that lack it are left out.
    if (many_) return absl::OkStatus();
    empty_ = true;
    return Unknown("leads to a record that is not there");
  }

  absl::StatusOr<v1::Value> FollowRest(const v1::Shape& shape, const std::vector<const v1::Record*>& records,
                                       std::string_view rest) {
    // A column of an aggregation may have a dot in its name, so a field is what the whole rest names.
    for (int i = 0; i < shape.fields_size(); ++i) {
      if (shape.fields(i).name() == rest) return ValuesOf(shape.fields(i).type(), i, records);
    }
    Step step;
    if (!TakeStep(rest, step)) return Unknown(kForms);
    for (int i = 0; i < shape.relations_size(); ++i) {
      if (shape.relations(i).name() != step.name) continue;
      if (rest.empty()) return Unknown("ends at a relation. Add the field: " + Names(shape.relations(i).shape()));
      const bool was_many = many_;
      std::vector<const v1::Record*> related;
      for (const v1::Record* record : records) {
        std::vector<const v1::Record*> list;
        for (const v1::Record& one : record->related(i).records()) list.push_back(&one);
        ROWAN_RETURN_IF_ERROR(Pick(step, list));
        related.insert(related.end(), list.begin(), list.end());
      }
      many_ = was_many || step.index == Step::Index::kAll;
      return FollowRest(shape.relations(i).shape(), related, rest);
    }
    return Unknown("names what the earlier operation does not return. It returns: " + Names(shape));
  }

  absl::StatusOr<v1::Value> ValuesOf(const v1::FieldType& type, int field, const std::vector<const v1::Record*>& records) {
    if (many_ && type.array()) return Unknown("would be an array of arrays");
    if (!many_) return sampling_ ? SampleOf(type, serial_) : records.front()->values(field);
    v1::Value all;
    v1::ArrayValue& array = *all.mutable_array_value();
    if (sampling_) *array.add_values() = SampleOf(type, serial_);
    for (const v1::Record* record : records) *array.add_values() = record->values(field);
    return all;
  }

  const int serial_;
  bool sampling_ = false;
  bool many_ = false;
  bool empty_ = false;
};

}  // namespace

Referent ReferentOf(const v1::OperationResult& result) {
  const auto of = [](const auto& answer) {
    return Referent{answer.has_shape() ? &answer.shape() : nullptr, &answer.records()};
  };
  switch (result.result_case()) {
    case v1::OperationResult::kGet:
      return of(result.get());
    case v1::OperationResult::kAggregate:
      return of(result.aggregate());
    case v1::OperationResult::kMutation:
      return of(result.mutation());
    case v1::OperationResult::kExists:
    case v1::OperationResult::RESULT_NOT_SET:
      break;
  }
  return {};
}

void ForEachValue(Message& message, const std::function<void(v1::Value&)>& visit) {
  if (message.GetDescriptor() == v1::Value::descriptor()) {
    v1::Value& value = static_cast<v1::Value&>(message);
    visit(value);
    if (value.has_array_value()) {
      for (v1::Value& element : *value.mutable_array_value()->mutable_values()) ForEachValue(element, visit);
    }
    return;
  }
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      ForEachValue(*reflection.MutableMessage(&message, field), visit);
      continue;
    }
    std::vector<Message*> parts;
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      parts.push_back(reflection.MutableRepeatedMessage(&message, field, i));
    }
    // The entries of a map are messages, too. In the order of their names, so that the same request gives the same error.
    if (field->is_map()) {
      const FieldDescriptor* key = field->message_type()->map_key();
      std::sort(parts.begin(), parts.end(), [&](const Message* left, const Message* right) {
        return left->GetReflection()->GetString(*left, key) < right->GetReflection()->GetString(*right, key);
      });
    }
    for (Message* part : parts) ForEachValue(*part, visit);
  }
}

bool HasReferences(const Message& message) {
  if (message.GetDescriptor() == v1::Value::descriptor()) {
    const v1::Value& value = static_cast<const v1::Value&>(message);
    const auto& elements = value.array_value().values();
    return value.has_reference_value() || std::any_of(elements.begin(), elements.end(), HasReferences);
  }
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      if (HasReferences(reflection.GetMessage(message, field))) return true;
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      if (HasReferences(reflection.GetRepeatedMessage(message, field, i))) return true;
    }
  }
  return false;
}

std::vector<BrokenReference> ReplaceReferences(const FindReferent& find, v1::Operation& operation) {
  std::vector<BrokenReference> broken;
  int serial = 0;
  ForEachValue(operation, [&](v1::Value& value) {
    if (!value.has_reference_value()) return;
    const std::string reference = value.reference_value();
    const auto breaks = [&](bool empty, std::string why) {
      value.set_reference_value(std::to_string(broken.size()));
      broken.push_back({reference, empty, std::move(why)});
    };
    std::string_view rest = reference;
    Step root;
    if (!TakeStep(rest, root) || rest.empty()) return breaks(false, kForms);
    const Referent* referent = find(root.name);
    if (referent == nullptr) {
      return breaks(false, "names no earlier operation. Give the one that it means this id, and put it before");
    }
    Follower follower(++serial);
    absl::StatusOr<v1::Value> found = follower.Follow(*referent, root, rest);
    if (!found.ok()) return breaks(follower.empty(), std::string(found.status().message()));
    value = *std::move(found);
  });
  return broken;
}

absl::Status BrokenReferenceError(const std::vector<BrokenReference>& broken, const absl::Status& bound) {
  size_t first = 0;
  std::string path;
  if (ErrorReasonOf(bound) == "UNKNOWN_REFERENCE") {
    const auto metadata = ErrorMetadataOf(bound);
    path = metadata.at("path");
    if (!absl::SimpleAtoi(metadata.at("reference"), &first) || first >= broken.size()) first = 0;
  }
  const BrokenReference& one = broken[first];
  return one.empty ? errors::EmptyReference(path, one.reference)
                   : errors::UnknownReference(path, one.reference, one.why);
}

}  // namespace rowan
