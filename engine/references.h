// References of one operation of a transaction to what earlier ones answered: "u1.id", "u1[2].id", "u1.posts[0].title",
// "u1[].posts[].id". See Value.reference_value for what they mean.
//
// An operation is bound like any other request once values stand in place of its references: samples of the right types
// as long as the earlier operations did not run, their answers afterwards. A reference that leads to nothing stays where
// it is, so that bind finds it and says where it stands.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace google::protobuf {
class Message;
template <typename Element>
class RepeatedPtrField;
}  // namespace google::protobuf

namespace rowan::v1 {
class Operation;
class OperationResult;
class Record;
class Shape;
class Value;
}  // namespace rowan::v1

namespace rowan {

// What an earlier operation returns.
struct Referent {
  const v1::Shape* shape = nullptr;  // null: it returns no records
  // Null as long as it did not run.
  const google::protobuf::RepeatedPtrField<v1::Record>* records = nullptr;
};

// Returns what the result of an operation that ran holds. It refers to the result.
Referent ReferentOf(const v1::OperationResult& result);

// Returns the earlier operation of the name, or null when there is none.
using FindReferent = std::function<const Referent*(std::string_view id)>;

// The operations before the one that is looked at, by name. What it holds refers to shapes and records that outlive it.
class Referents {
 public:
  // Returns false when there is one of the name; operations without a name are passed over.
  bool Add(const std::string& id, const Referent& referent) {
    return id.empty() || by_id_.try_emplace(id, referent).second;
  }
  // Refers to this.
  FindReferent find() const {
    return [this](std::string_view id) -> const Referent* {
      const auto found = by_id_.find(id);
      return found == by_id_.end() ? nullptr : &found->second;
    };
  }

 private:
  std::map<std::string, Referent, std::less<>> by_id_;
};

// A reference that leads to nothing.
struct BrokenReference {
  std::string reference;
  bool empty;       // to a record that is not there; otherwise to what the earlier operation does not return
  std::string why;  // as UnknownReference takes it
};

// Tells whether there is a reference anywhere in the message.
bool HasReferences(const google::protobuf::Message& message);

// Puts values in place of the operation's references. Those that are broken are returned; what stays in their places is
// their position in the list.
std::vector<BrokenReference> ReplaceReferences(const FindReferent& find, v1::Operation& operation);

// Returns the error of the first broken reference. `bound` is what binding the operation gave, which tells its path.
absl::Status BrokenReferenceError(const std::vector<BrokenReference>& broken, const absl::Status& bound);

// Calls `visit` with every value inside a message, at any depth, in an order that the content decides.
void ForEachValue(google::protobuf::Message& message, const std::function<void(v1::Value&)>& visit);

}  // namespace rowan
