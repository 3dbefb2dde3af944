// From results to documents.
#pragma once

#include "clients/document/node.h"

namespace rowan::v1 {
class AggregateResponse;
class BatchResponse;
class Effects;
class ExistsResponse;
class GetResponse;
class MutationResponse;
class OperationResult;
class Record;
class Shape;
}  // namespace rowan::v1

namespace rowan::document {

// Returns a record as an object: fields by name, then relations by name, in the order of the shape, then `_count` when
// the shape has counts. A to-many relation
// is a list, a to-one relation an object or null. The record must be of the shape; values or lists that it lacks are
// null or empty.
Node ToDocument(const v1::Shape& shape, const v1::Record& record);

// Returns the list of the records.
Node ToDocument(const v1::GetResponse& response);

// Returns the list of the groups.
Node ToDocument(const v1::AggregateResponse& response);

// Returns true or false.
Node ToDocument(const v1::ExistsResponse& response);

// Returns {"records": […], "effects": {…}}, with "outcomes" of an upsert, and "repeated_answer" when it is one.
Node ToDocument(const v1::MutationResponse& response);

// Returns what the operation's own answer gives.
Node ToDocument(const v1::OperationResult& result);

// Returns the list of the operations' results.
Node ToDocument(const v1::BatchResponse& response);

// Returns {"matched": 1, "changed": 1, "relations": {"posts.tags": {"connected": 2}}}; the counts of a relation that
// are zero are left out.
Node ToDocument(const v1::Effects& effects);

}  // namespace rowan::document
