#include "clients/document/result.h"

#include <utility>

#include "clients/document/value.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::document {
namespace {

Node Related(const v1::ShapeRelation& relation, const v1::RecordList* records) {
  if (!relation.to_many()) {
    return records == nullptr || records->records().empty() ? Null()
                                                            : ToDocument(relation.shape(), records->records(0));
  }
  Node list = List();
  if (records == nullptr) return list;
  list.items.reserve(records->records_size());
  for (const v1::Record& record : records->records()) list.items.push_back(ToDocument(relation.shape(), record));
  return list;
}

template <typename Response>
Node Records(const Response& response) {
  Node list = List();
  list.items.reserve(response.records_size());
  for (const v1::Record& record : response.records()) list.items.push_back(ToDocument(response.shape(), record));
  return list;
}

}  // namespace

Node ToDocument(const v1::Shape& shape, const v1::Record& record) {
  Node object = Object();
  object.members.reserve(shape.fields_size() + shape.relations_size());
  for (int i = 0; i < shape.fields_size(); ++i) {
    object.Add(shape.fields(i).name(), i < record.values_size() ? ShowValue(record.values(i)) : Null());
  }
  for (int i = 0; i < shape.relations_size(); ++i) {
    object.Add(shape.relations(i).name(),
               Related(shape.relations(i), i < record.related_size() ? &record.related(i) : nullptr));
  }
  if (shape.counts().empty()) return object;
  Node counts = Object();
  for (int i = 0; i < shape.counts_size(); ++i) {
    counts.Add(shape.counts(i).name(), Number(i < record.counts_size() ? record.counts(i) : 0));
  }
  object.Add("_count", std::move(counts));
  return object;
}

Node ToDocument(const v1::GetResponse& response) {
  return Records(response);
}

Node ToDocument(const v1::AggregateResponse& response) {
  return Records(response);
}

Node ToDocument(const v1::ExistsResponse& response) {
  return Bool(response.exists());
}

Node ToDocument(const v1::OperationResult& result) {
  switch (result.result_case()) {
    case v1::OperationResult::kGet:
      return ToDocument(result.get());
    case v1::OperationResult::kAggregate:
      return ToDocument(result.aggregate());
    case v1::OperationResult::kExists:
      return ToDocument(result.exists());
    case v1::OperationResult::kMutation:
      return ToDocument(result.mutation());
    case v1::OperationResult::RESULT_NOT_SET:
      break;
  }
  return Null();
}

Node ToDocument(const v1::BatchResponse& response) {
  Node list = List();
  for (const v1::OperationResult& result : response.results()) list.items.push_back(ToDocument(result));
  return list;
}

Node ToDocument(const v1::MutationResponse& response) {
  Node object = Object();
  object.Add("records", Records(response));
  object.Add("effects", ToDocument(response.effects()));
  if (response.outcomes_size() > 0) {
    Node& outcomes = object.Add("outcomes", List());
    for (const int outcome : response.outcomes()) {
      outcomes.items.push_back(Text(std::string(outcome == v1::UPSERT_OUTCOME_INSERTED  ? "inserted"
                                                : outcome == v1::UPSERT_OUTCOME_UPDATED ? "updated"
                                                                                        : "kept")));
    }
  }
  if (response.repeated_answer()) object.Add("repeated_answer", Bool(true));
  return object;
}

Node ToDocument(const v1::Effects& effects) {
  Node object = Object();
  object.Add("matched", Number(effects.matched()));
  object.Add("changed", Number(effects.changed()));
  if (effects.inserted() != 0) object.Add("inserted", Number(effects.inserted()));
  Node relations = Object();
  for (const v1::RelationEffects& entry : effects.relations()) {
    const std::pair<std::string_view, int64_t> counts[] = {
        {"created", entry.created()},
        {"connected", entry.connected()},
        {"already_connected", entry.already_connected()},
        {"reassigned", entry.reassigned()},
        {"disconnected", entry.disconnected()},
        {"displaced", entry.displaced()},
        {"updated", entry.updated()},
        {"deleted", entry.deleted()},
    };
    Node& relation = relations.Add(entry.path(), Object());
    for (const auto& [name, count] : counts) {
      if (count != 0) relation.Add(name, Number(count));
    }
  }
  object.Add("relations", std::move(relations));
  return object;
}

}  // namespace rowan::document
