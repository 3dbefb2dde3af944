#include "clients/document/read_write.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "clients/document/document_error.h"
#include "clients/document/query_words.h"
#include "clients/document/value.h"
#include "engine/base/status_macros.h"

namespace rowan::document {
namespace {

enum class Verb {
  kCreate,
  kConnect,
  kConnectOrCreate,
  kDisconnect,
  kSet,
  kUpdate,
  kUpsert,
  kDelete,
  kUpdateMany,
  kDeleteMany,
  kStrict,
  kSharing
};

constexpr WordEntry<Verb> kVerbs[] = {
    {"create", Verb::kCreate},
    {"connect", Verb::kConnect},
    {"connectOrCreate", Verb::kConnectOrCreate},
    {"connect_or_create", Verb::kConnectOrCreate},
    {"disconnect", Verb::kDisconnect},
    {"set", Verb::kSet},
    {"update", Verb::kUpdate},
    {"upsert", Verb::kUpsert},
    {"delete", Verb::kDelete},
    {"updateMany", Verb::kUpdateMany},
    {"update_many", Verb::kUpdateMany},
    {"deleteMany", Verb::kDeleteMany},
    {"delete_many", Verb::kDeleteMany},
    {"strict", Verb::kStrict},
    {"sharing", Verb::kSharing},
};

enum class Change { kIncrement, kDecrement, kMultiply, kAppend, kMerge, kNow };

constexpr WordEntry<Change> kChanges[] = {
    {"increment", Change::kIncrement}, {"decrement", Change::kDecrement}, {"multiply", Change::kMultiply},
    {"append", Change::kAppend},       {"merge", Change::kMerge},         {"now", Change::kNow},
};

constexpr WordEntry<v1::Sharing> kSharings[] = {{"shared", v1::SHARING_SHARED}, {"per_row", v1::SHARING_PER_ROW}};

constexpr WordEntry<v1::LockStrength> kStrengths[] = {{"update", v1::LOCK_STRENGTH_UPDATE},
                                                      {"no_key_update", v1::LOCK_STRENGTH_NO_KEY_UPDATE},
                                                      {"share", v1::LOCK_STRENGTH_SHARE},
                                                      {"key_share", v1::LOCK_STRENGTH_KEY_SHARE}};

constexpr WordEntry<v1::LockWait> kWaits[] = {
    {"wait", v1::LOCK_WAIT_WAIT}, {"nowait", v1::LOCK_WAIT_NOWAIT}, {"skip_locked", v1::LOCK_WAIT_SKIP_LOCKED}};

// An object whose keys are all verbs is a relation write.
bool IsRelationWrite(const Node& node) {
  return node.is_object() && !node.members.empty() &&
         std::all_of(node.members.begin(), node.members.end(),
                     [](const Member& member) { return FindWord(kVerbs, member.key) != nullptr; });
}

// An object with a single key that is a change.
const Change* FindChange(const Node& node) {
  return node.is_object() && node.members.size() == 1 ? FindWord(kChanges, node.members.front().key) : nullptr;
}

absl::Status ReadValues(const Node& node, const Path& path, google::protobuf::Map<std::string, v1::Value>& values) {
  ROWAN_RETURN_IF_ERROR(CheckObject(path, node, "an object of values"));
  for (const auto& [name, value] : node.members) {
    ROWAN_RETURN_IF_ERROR(ReadValue(value, path.Member(name), values[name]));
  }
  return absl::OkStatus();
}

absl::Status ReadPlainKey(const Node& node, const Path& path, v1::Key& key) {
  if (node.is_object() && !IsTyped(node)) {
    if (node.members.empty())
      return DocumentError(path, "an empty object names no record; write the key's fields, or the primary key's value");
    return ReadValues(node, path, *key.mutable_fields());
  }
  if (!node.is_list()) return ReadValue(node, path, *key.add_primary());
  if (node.items.empty())
    return DocumentError(path, "an empty list names no record; write the values of the primary key");
  for (size_t i = 0; i < node.items.size(); ++i) {
    ROWAN_RETURN_IF_ERROR(ReadValue(node.items[i], path.Index(static_cast<int>(i)), *key.add_primary()));
  }
  return absl::OkStatus();
}

bool BeginsWithDollar(const Member& member) {
  return member.key.starts_with("$");
}

// A key without $record and $key: what else begins with a $ is a mistake, but for the kinds of values.
absl::Status ReadUnmarkedKey(const Node& node, const Path& path, v1::Key& key) {
  const Words known = {"$record", "$key", "$junction"};
  const auto marked = std::find_if(node.members.begin(), node.members.end(), BeginsWithDollar);
  if (marked == node.members.end()) return ReadPlainKey(node, path, key);
  if (node.Find("$junction") != nullptr)
    return DocumentError(path, "a key with values of the model between is written {$key: …, $junction: {…}}");
  return IsTyped(node) && DidYouMean(marked->key, known).empty() ? ReadPlainKey(node, path, key)
                                                                 : CheckKeys(path, node, "a key", known);
}

absl::Status ReadKey(const Node& node, const Path& path, v1::Key& key) {
  const Node* record = node.Find("$record");
  const Node* plain = node.Find("$key");
  if (record == nullptr && plain == nullptr) return ReadUnmarkedKey(node, path, key);
  ROWAN_RETURN_IF_ERROR(CheckKeys(path, node, "a key", {record != nullptr ? "$record" : "$key", "$junction"}));
  if (const Node* junction = node.Find("$junction")) {
    ROWAN_RETURN_IF_ERROR(ReadValues(*junction, path.Member("$junction"), *key.mutable_junction()));
  }
  if (record == nullptr) return ReadPlainKey(*plain, path.Member("$key"), key);
  return ReadText(*record, path.Member("$record"), "the name of a record", *key.mutable_record());
}

// What an element of a verb is made of.
struct Parts {
  std::string_view what;  // "an element of update"
  Words known;
  Words required = {};
};

// Reads the parts of an element: `read` is called for each key with its operand.
template <typename Read>
absl::Status ReadParts(const Node& node, const Path& path, const Parts& parts, Read read) {
  ROWAN_RETURN_IF_ERROR(CheckKeys(path, node, parts.what, parts.known));
  for (const std::string_view part : parts.required) {
    if (node.Find(part) == nullptr)
      return DocumentError(path.Member(part), std::string(parts.what) + " needs " + Listed(parts.required));
  }
  for (const auto& [name, operand] : node.members) {
    ROWAN_RETURN_IF_ERROR(read(name, operand, path.Member(name)));
  }
  return absl::OkStatus();
}

template <typename Element>
absl::Status ReadMany(const Node& node, const Path& path, int depth, const Parts& parts, Element& element,
                      v1::RecordInput* record) {
  return ReadParts(node, path, parts, [&](std::string_view name, const Node& operand, const Path& at) {
    if (name == "data") return ReadRecord(operand, at, depth + 1, *record);
    if (name == "where") return ReadWhere(node, path, element);
    bool flag = false;
    ROWAN_RETURN_IF_ERROR(ReadFlag(operand, at, flag));
    element.set_all_rows(flag);
    return absl::OkStatus();
  });
}

absl::Status ReadVerb(Verb verb, const Node& operand, const Path& place, int depth, v1::RelationWrite& write) {
  const auto keys = [&](auto add) {
    return ForEach(operand, place, [&](const Node& key, const Path& at) { return ReadKey(key, at, *add()); });
  };
  switch (verb) {
    case Verb::kCreate:
      return ForEach(operand, place, [&](const Node& record, const Path& at) {
        return ReadRecord(record, at, depth + 1, *write.add_create());
      });
    case Verb::kConnect:
      return keys([&] { return write.add_connect(); });
    case Verb::kConnectOrCreate:
      return ForEach(operand, place, [&](const Node& node, const Path& path) {
        v1::ConnectOrCreate& either = *write.add_connect_or_create();
        either.mutable_create();
        return ReadParts(node, path, {"an element of connectOrCreate", {"key", "create"}},
                         [&](std::string_view name, const Node& part, const Path& at) {
                           return name == "key" ? ReadKey(part, at, *either.mutable_key())
                                                : ReadRecord(part, at, depth + 1, *either.mutable_create());
                         });
      });
    case Verb::kDisconnect:
      if (!operand.is(true)) return keys([&] { return write.add_disconnect(); });
      write.set_disconnect_current(true);
      return absl::OkStatus();
    case Verb::kSet:
      write.mutable_set();
      return keys([&] { return write.mutable_set()->add_keys(); });
    case Verb::kUpdate:
      return ForEach(operand, place, [&](const Node& node, const Path& path) {
        v1::RelatedUpdate& update = *write.add_update();
        return ReadParts(node, path, {"an element of update", {"key", "data"}, {"data"}},
                         [&](std::string_view name, const Node& part, const Path& at) {
                           return name == "key" ? ReadKey(part, at, *update.mutable_key())
                                                : ReadRecord(part, at, depth + 1, *update.mutable_data());
                         });
      });
    case Verb::kUpsert:
      return ForEach(operand, place, [&](const Node& node, const Path& path) {
        v1::RelatedUpsert& upsert = *write.add_upsert();
        return ReadParts(node, path, {"an element of upsert", {"key", "create", "update"}, {"create", "update"}},
                         [&](std::string_view name, const Node& part, const Path& at) {
                           if (name == "key") return ReadKey(part, at, *upsert.mutable_key());
                           return ReadRecord(part, at, depth + 1,
                                             name == "create" ? *upsert.mutable_create() : *upsert.mutable_update());
                         });
      });
    case Verb::kDelete:
      if (!operand.is(true)) return keys([&] { return write.add_delete_(); });
      write.set_delete_current(true);
      return absl::OkStatus();
    case Verb::kUpdateMany:
      return ForEach(operand, place, [&](const Node& node, const Path& path) {
        v1::RelatedUpdateMany& many = *write.add_update_many();
        return ReadMany(node, path, depth, {"an element of updateMany", {"where", "data", "all_rows"}, {"data"}}, many,
                        many.mutable_data());
      });
    case Verb::kDeleteMany:
      return ForEach(operand, place, [&](const Node& node, const Path& path) {
        return ReadMany(node, path, depth, {"an element of deleteMany", {"where", "all_rows"}},
                        *write.add_delete_many(), nullptr);
      });
    case Verb::kStrict: {
      bool flag = false;
      ROWAN_RETURN_IF_ERROR(ReadFlag(operand, place, flag));
      write.set_strict(flag);
      return absl::OkStatus();
    }
    case Verb::kSharing: {
      ROWAN_ASSIGN_OR_RETURN(const v1::Sharing sharing, ReadWord(operand, place, "sharing", kSharings));
      write.set_sharing(sharing);
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

absl::Status ReadChange(Change kind, const Node& operand, const Path& path, v1::FieldChange& change) {
  switch (kind) {
    case Change::kIncrement:
      return ReadValue(operand, path, *change.mutable_increment());
    case Change::kDecrement:
      return ReadValue(operand, path, *change.mutable_decrement());
    case Change::kMultiply:
      return ReadValue(operand, path, *change.mutable_multiply());
    case Change::kAppend:
      return ReadValue(operand, path, *change.mutable_append());
    case Change::kMerge:
      return ReadValue(operand, path, *change.mutable_merge());
    case Change::kNow: {
      bool flag = false;
      ROWAN_RETURN_IF_ERROR(ReadFlag(operand, path, flag));
      change.set_now(flag);
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadRecord(const Node& node, const Path& path, int depth, v1::RecordInput& record) {
  ROWAN_RETURN_IF_ERROR(CheckNesting(path, depth));
  ROWAN_RETURN_IF_ERROR(CheckObject(path, node, "a record"));
  for (const auto& [name, entry] : node.members) {
    const Path place = path.Member(name);
    if (name == "$name") {
      ROWAN_RETURN_IF_ERROR(ReadText(entry, place, "the record's name, a text,", *record.mutable_name()));
    } else if (name == "$junction") {
      ROWAN_RETURN_IF_ERROR(ReadValues(entry, place, *record.mutable_junction()));
    } else if (name.starts_with("$")) {
      const Words known = {"$name", "$junction"};
      return DocumentError(place, "\"" + name + "\" is no key of a record" + DidYouMean(name, known) +
                                      "; besides fields and relations there are " + Listed(known));
    } else if (IsRelationWrite(entry)) {
      v1::RelationWrite& write = (*record.mutable_relations())[name];
      for (const auto& [verb, operand] : entry.members) {
        ROWAN_RETURN_IF_ERROR(ReadVerb(*FindWord(kVerbs, verb), operand, place.Member(verb), depth, write));
      }
    } else if (const Change* change = FindChange(entry)) {
      const Member& only = entry.members.front();
      ROWAN_RETURN_IF_ERROR(ReadChange(*change, only.value, place.Member(only.key), (*record.mutable_changes())[name]));
    } else {
      ROWAN_RETURN_IF_ERROR(ReadValue(entry, place, (*record.mutable_values())[name]));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadOnConflict(const Node& node, const Path& path, v1::OnConflict& conflict) {
  if (node.is_text() && node.text == "keep") {
    conflict.set_keep(true);
    return absl::OkStatus();
  }
  if (!node.is_object()) return WrongKind(path, node, "keep, or an object with overwrite, update or keep,");
  ROWAN_RETURN_IF_ERROR(CheckKeys(path, node, "an on_conflict", {"overwrite", "update", "keep", "where"}));
  const auto count = std::count_if(node.members.begin(), node.members.end(),
                                   [](const Member& member) { return member.key != "where"; });
  if (count > 1) return DocumentError(path, "an on_conflict has one of overwrite, update and keep");
  if (const Node* keep = node.Find("keep")) {
    bool flag = false;
    ROWAN_RETURN_IF_ERROR(ReadFlag(*keep, path.Member("keep"), flag));
    conflict.set_keep(flag);
  }
  if (const Node* overwrite = node.Find("overwrite")) {
    conflict.mutable_overwrite();
    ROWAN_RETURN_IF_ERROR(ForEach(*overwrite, path.Member("overwrite"), [&](const Node& field, const Path& at) {
      return ReadText(field, at, "a field's name", *conflict.mutable_overwrite()->add_fields());
    }));
  }
  if (const Node* update = node.Find("update")) {
    ROWAN_RETURN_IF_ERROR(ReadRecord(*update, path.Member("update"), 1, *conflict.mutable_update()));
  }
  return ReadWhere(node, path, conflict);
}

absl::Status ReadExpectation(const Node& node, const Path& path, v1::Expectation& expect) {
  int64_t count = 0;
  if (ReadInt64(node, count)) {
    expect.set_exactly(count);
    return absl::OkStatus();
  }
  if (!node.is_object() || node.members.size() != 1)
    return WrongKind(path, node, "a whole number, or an object with one of exactly, at_least and at_most,");
  ROWAN_RETURN_IF_ERROR(CheckKeys(path, node, "an expectation", {"exactly", "at_least", "at_most"}));
  const auto& [bound, operand] = node.members.front();
  if (!ReadInt64(operand, count)) return WrongKind(path.Member(bound), operand, "a whole number");
  if (bound == "exactly") expect.set_exactly(count);
  if (bound == "at_least") expect.set_at_least(count);
  if (bound == "at_most") expect.set_at_most(count);
  return absl::OkStatus();
}

absl::Status ReadLock(const Node& node, const Path& path, v1::RowLock& lock) {
  const Node* strength = &node;
  Path strength_path = path;
  if (node.is_object()) {
    ROWAN_RETURN_IF_ERROR(CheckKeys(path, node, "a lock", {"strength", "wait"}));
    strength = node.Find("strength");
    if (strength == nullptr) return DocumentError(path.Member("strength"), "a lock needs its strength");
    strength_path = path.Member("strength");
    if (const Node* word = node.Find("wait")) {
      ROWAN_ASSIGN_OR_RETURN(const v1::LockWait wait, ReadWord(*word, path.Member("wait"), "wait", kWaits));
      lock.set_wait(wait);
    }
  }
  ROWAN_ASSIGN_OR_RETURN(const v1::LockStrength read, ReadWord(*strength, strength_path, "lock", kStrengths));
  lock.set_strength(read);
  return absl::OkStatus();
}

void MarkReferences(Node& node) {
  for (Node& item : node.items) MarkReferences(item);
  const bool single = node.members.size() == 1;
  node.reference = single && node.members.front().key == "ref" && node.members.front().value.is_text();
  for (Member& member : node.members) {
    if (!single || member.key != "$json") MarkReferences(member.value);
  }
}

}  // namespace rowan::document
