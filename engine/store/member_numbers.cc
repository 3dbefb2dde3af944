#include "engine/store/member_numbers.h"

#include <algorithm>
#include <compare>
#include <nlohmann/json.hpp>
#include <optional>
#include <pqxx/pqxx>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "rowan/v1/schema.pb.h"

namespace rowan::store {
namespace {

// A number that a field or relation has or had.
struct Given {
  std::string member;
  std::string kind;
  int32_t number = 0;

  auto operator<=>(const Given&) const = default;
};

using GivenNumbers = std::map<std::string, std::set<Given>>;  // by model

// What messages hold a value as (see clients/cli/declare_proto.cc): what has one kind can be read as each other.
const char* KindOf(Scalar scalar) {
  switch (scalar) {
    case Scalar::kInt16:
    case Scalar::kInt32:
    case Scalar::kInt64:
      return "integer";
    case Scalar::kFloat32:
      return "float";
    case Scalar::kFloat64:
      return "double";
    case Scalar::kBool:
      return "bool";
    case Scalar::kBytes:
      return "bytes";
    case Scalar::kTimestamp:
    case Scalar::kLocalTimestamp:
      return "timestamp";
    case Scalar::kDecimal:
    case Scalar::kString:
    case Scalar::kText:
    case Scalar::kUuid:
    case Scalar::kDate:
    case Scalar::kTime:
    case Scalar::kJson:
    case Scalar::kEnum:
      return "text";
  }
  return "";
}

std::string KindOf(const Field& field) {
  return absl::StrCat(field.type.array ? "repeated " : "", KindOf(field.type.scalar));
}

// `target`: what the model at the other end is called.
std::string KindOf(const Relation& relation, const std::string& target) {
  return absl::StrCat(relation.to_many() ? "repeated " : "", "record of ", target);
}

struct Member {
  std::string name;
  std::string kind;
  std::string former;  // what it was called in the registered version; empty: it was not there, or of another kind
};

class Allotting {
 public:
  Allotting(const Catalog* registered, const MemberNumbers& former, const Matches& matches)
      : registered_(registered), former_(former), matches_(matches) {
    for (const auto& [name, match] : matches) present_names_[match.model] = name;
  }

  // `given`: what the model gave before; what it gives now is added.
  std::map<std::string, int32_t> Run(const Model& model, std::set<Given>& given) const {
    const auto match = matches_.find(model.name);
    const MemberMatches* const matched = match == matches_.end() ? nullptr : &match->second;
    std::map<std::string, int32_t> numbers;
    std::set<int32_t> used;
    const std::vector<Member> members = MembersOf(model, matched);
    for (const Member& member : members) {
      const auto kept = FormerNumber(matched, member);
      if (kept.has_value() && used.count(*kept) == 0) Take(member, *kept, numbers, used);
    }
    int32_t last = 0;
    for (const Given& entry : given) last = std::max(last, entry.number);
    for (const Member& member : members) {
      if (numbers.count(member.name) != 0) continue;
      const auto back = std::find_if(given.begin(), given.end(), [&](const Given& entry) {
        return entry.member == member.name && entry.kind == member.kind && used.count(entry.number) == 0;
      });
      Take(member, back == given.end() ? last = Next(last) : back->number, numbers, used);
    }
    for (const Member& member : members) given.insert({member.name, member.kind, numbers.at(member.name)});
    return numbers;
  }

 private:
  static void Take(const Member& member, int32_t number, std::map<std::string, int32_t>& numbers,
                   std::set<int32_t>& used) {
    numbers[member.name] = number;
    used.insert(number);
  }

  // Without those that protobuf keeps for itself.
  static int32_t Next(int32_t number) { return number + 1 == 19000 ? 20000 : number + 1; }

  std::optional<int32_t> FormerNumber(const MemberMatches* matched, const Member& member) const {
    if (member.former.empty()) return std::nullopt;
    const auto model = former_.find(matched->model);
    if (model == former_.end()) return std::nullopt;
    const auto number = model->second.find(member.former);
    return number == model->second.end() ? std::nullopt : std::optional(number->second);
  }

  std::vector<Member> MembersOf(const Model& model, const MemberMatches* matched) const {
    const Model* const before = matched == nullptr || registered_ == nullptr ? nullptr : registered_->FindModel(matched->model);
    const auto former_name = [&](const std::map<std::string, std::string>& names, const std::string& name) {
      const auto found = names.find(name);
      return found == names.end() ? std::string() : found->second;
    };
    std::vector<Member> members;
    for (const auto& field : model.fields) {
      Member& member = members.emplace_back(Member{field->name, KindOf(*field), ""});
      if (before == nullptr) continue;
      const Field* const was = before->FindField(former_name(matched->fields, field->name));
      if (was != nullptr && KindOf(*was) == member.kind) member.former = was->name;
    }
    for (const auto& relation : model.relations) {
      Member& member = members.emplace_back(Member{relation->name, KindOf(*relation, relation->target->name), ""});
      if (before == nullptr) continue;
      const Relation* const was = before->FindRelation(former_name(matched->relations, relation->name));
      if (was == nullptr) continue;
      const auto target = present_names_.find(was->target->name);
      if (target != present_names_.end() && KindOf(*was, target->second) == member.kind) member.former = was->name;
    }
    return members;
  }

  const Catalog* registered_;
  const MemberNumbers& former_;
  const Matches& matches_;
  std::map<std::string, std::string> present_names_;  // of models, by their names in the registered version
};

GivenNumbers ReadGiven(pqxx::transaction_base& transaction, const std::string& schema) {
  GivenNumbers given;
  const pqxx::result rows = transaction.exec_params(
      R"sql(SELECT "model", "member", "kind", "number" FROM "rowan"."given_numbers" WHERE "schema" = $1)sql", schema);
  for (const auto& row : rows) {
    given[row[0].as<std::string>()].insert({row[1].as<std::string>(), row[2].as<std::string>(), row[3].as<int32_t>()});
  }
  return given;
}

}  // namespace

MemberNumbers AllotNumbers(pqxx::transaction_base& transaction, const Catalog& schema, const Catalog* registered,
                           const MemberNumbers& former, const Matches& matches) {
  const GivenNumbers before = ReadGiven(transaction, schema.schema_name);
  const auto given_by = [&](const std::string& model) {
    const auto found = before.find(model);
    return found == before.end() ? std::set<Given>() : found->second;
  };
  const Allotting allotting(registered, former, matches);
  MemberNumbers numbers;
  nlohmann::json added = nlohmann::json::array();
  for (const auto& model : schema.models) {
    const std::set<Given> own = given_by(model->name);
    std::set<Given> given = own;
    // A model that was renamed takes along all that its members ever had.
    if (const auto match = matches.find(model->name); match != matches.end()) given.merge(given_by(match->second.model));
    numbers[model->name] = allotting.Run(*model, given);
    for (const Given& entry : given) {
      if (own.count(entry) != 0) continue;
      added.push_back({{"model", model->name}, {"member", entry.member}, {"kind", entry.kind}, {"number", entry.number}});
    }
  }
  if (added.empty()) return numbers;
  transaction.exec_params(
      R"sql(INSERT INTO "rowan"."given_numbers" SELECT $1, a."model", a."member", a."kind", a."number"
            FROM jsonb_to_recordset($2::jsonb) AS a ("model" text, "member" text, "kind" text, "number" integer))sql",
      schema.schema_name, added.dump());
  return numbers;
}

void FillNumbers(pqxx::transaction_base& transaction, const MemberNumbers& numbers, v1::Schema& schema) {
  const GivenNumbers given = ReadGiven(transaction, schema.name());
  for (v1::Model& model : *schema.mutable_models()) {
    std::set<int32_t> others;
    if (const auto found = given.find(model.name()); found != given.end()) {
      for (const Given& entry : found->second) others.insert(entry.number);
    }
    const auto own = numbers.find(model.name());
    const auto fill = [&](auto& members) {
      for (auto& member : members) {
        const auto number = own->second.find(member.name());
        if (number == own->second.end()) continue;
        member.set_number(number->second);
        others.erase(number->second);
      }
    };
    if (own != numbers.end()) {
      fill(*model.mutable_fields());
      fill(*model.mutable_relations());
    }
    *model.mutable_retired_numbers() = {others.begin(), others.end()};
  }
}

std::string NumbersToJson(const MemberNumbers& numbers) {
  return nlohmann::json(numbers).dump();
}

MemberNumbers NumbersFromJson(const std::string& json) {
  return nlohmann::json::parse(json).get<MemberNumbers>();
}

}  // namespace rowan::store
