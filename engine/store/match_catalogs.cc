#include "engine/store/match_catalogs.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rowan::store {
namespace {

// A part that both versions may have, as far as names go.
struct Named {
  std::string name;
  std::string renamed_from;
};

// Returns name in `to` -> name in `from`. A part that is there under its name is no other one's former self.
std::map<std::string, std::string> MatchNames(const std::vector<Named>& from, const std::vector<Named>& to) {
  std::map<std::string, std::string> matched;
  std::set<std::string> before;
  std::set<std::string> after;
  for (const Named& part : from) before.insert(part.name);
  for (const Named& part : to) after.insert(part.name);
  for (const std::string& name : after) {
    if (before.count(name) != 0) matched.emplace(name, name);
  }
  for (const Named& part : to) {
    const bool gone = before.count(part.renamed_from) != 0 && after.count(part.renamed_from) == 0;
    if (gone) matched.emplace(part.name, part.renamed_from);
  }
  for (const Named& part : from) {
    const bool back = after.count(part.renamed_from) != 0 && before.count(part.renamed_from) == 0;
    if (back && after.count(part.name) == 0) matched.emplace(part.renamed_from, part.name);
  }
  return matched;
}

template <typename Parts>
std::vector<Named> NamesOf(const Parts& parts) {
  std::vector<Named> names;
  for (const auto& part : parts) names.push_back({part->name, part->renamed_from});
  return names;
}

std::map<std::string, std::string> ComposeNames(const std::map<std::string, std::string>& first,
                                                const std::map<std::string, std::string>& second) {
  std::map<std::string, std::string> composed;
  for (const auto& [name, between] : second) {
    if (const auto found = first.find(between); found != first.end()) composed.emplace(name, found->second);
  }
  return composed;
}

std::map<std::string, std::string> InvertedNames(const std::map<std::string, std::string>& names) {
  std::map<std::string, std::string> inverted;
  for (const auto& [name, former] : names) inverted.emplace(former, name);
  return inverted;
}

template <typename Value>
const Value* Find(const std::map<std::string, Value>& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

// The fields of a foreign key go with their relation.
void MatchForeignKeys(const Model& before, const Model& after, MemberMatches& match) {
  std::set<std::string> known;
  for (const auto& [name, former] : match.fields) known.insert(former);
  for (const auto& relation : after.relations) {
    const std::string* former = Find(match.relations, relation->name);
    const Relation* was = former == nullptr ? nullptr : before.FindRelation(*former);
    if (was == nullptr || relation->kind != RelationKind::kBelongsTo || was->kind != RelationKind::kBelongsTo ||
        was->pairs.size() != relation->pairs.size()) {
      continue;
    }
    for (size_t i = 0; i < was->pairs.size(); ++i) {
      const std::string& field = relation->pairs[i].from->name;
      const std::string& old = was->pairs[i].from->name;
      if (match.fields.count(field) == 0 && known.insert(old).second) match.fields.emplace(field, old);
    }
  }
}

class RenameFinder {
 public:
  RenameFinder(const Catalog& from, const Catalog& to, const Matches& matches) : from_(from), to_(to), matches_(matches) {}

  Renames Run() {
    for (const auto& model : to_.models) {
      const MemberMatches* match = Find(matches_, model->name);
      const Model* before = match == nullptr ? nullptr : from_.FindModel(match->model);
      if (before == nullptr || model->read_only || before->read_only) continue;
      AddTable({before->schema, before->table}, {model->schema, model->table}, "models." + model->name);
      FindFields(*before, *model, *match);
      for (const auto& relation : model->relations) {
        const std::string* former = Find(match->relations, relation->name);
        const Relation* was = former == nullptr ? nullptr : before->FindRelation(*former);
        if (was != nullptr) FindJunction(*was, *relation);
      }
    }
    return std::move(renames_);
  }

 private:
  void AddTable(const ObjectName& from, const ObjectName& to, const std::string& path) {
    if (from == to || !tables_.insert(to).second) return;
    renames_.tables.push_back({from, to, path});
  }

  void AddColumn(const ObjectName& table, const std::string& from, const std::string& to, const std::string& path) {
    if (from == to || !columns_.emplace(table, to).second) return;
    renames_.columns.push_back({table, from, to, path});
  }

  void FindFields(const Model& before, const Model& after, const MemberMatches& match) {
    const ObjectName table{after.schema, after.table};
    const std::string path = absl::StrCat("models.", after.name, ".fields.");
    for (const auto& field : after.fields) {
      const std::string* former = Find(match.fields, field->name);
      const Field* was = former == nullptr ? nullptr : before.FindField(*former);
      if (was != nullptr) AddColumn(table, was->column, field->column, path + field->name);
    }
  }

  void FindJunction(const Relation& before, const Relation& after) {
    if (!before.junction.has_value() || !after.junction.has_value()) return;
    const Junction& was = *before.junction;
    const Junction& junction = *after.junction;
    // Junctions that are models have their names from there.
    if (was.model != nullptr || junction.model != nullptr) return;
    const std::string path = absl::StrCat("models.", after.source->name, ".relations.", after.name);
    const ObjectName table{junction.schema, junction.table};
    AddTable({was.schema, was.table}, table, path);
    const auto columns = [&](const std::vector<JunctionColumn>& old, const std::vector<JunctionColumn>& now) {
      for (size_t i = 0; i < std::min(old.size(), now.size()); ++i) AddColumn(table, old[i].column, now[i].column, path);
    };
    columns(was.source, junction.source);
    columns(was.target, junction.target);
  }

  const Catalog& from_;
  const Catalog& to_;
  const Matches& matches_;
  std::set<ObjectName> tables_;
  std::set<std::pair<ObjectName, std::string>> columns_;
  Renames renames_;
};

void RenameIn(std::vector<std::string>& columns, const std::map<std::string, std::string>& names) {
  for (std::string& column : columns) {
    if (const std::string* to = Find(names, column)) column = *to;
  }
}

void RenameColumns(TableImage& table, const std::map<std::string, std::string>& names) {
  for (ColumnImage& column : table.columns) {
    if (const std::string* to = Find(names, column.name)) column.name = *to;
  }
  for (KeyImage& key : table.keys) RenameIn(key.columns, names);
  for (IndexImage& index : table.indexes) RenameIn(index.columns, names);
  for (ForeignKeyImage& key : table.foreign_keys) RenameIn(key.columns, names);
  for (CheckImage& check : table.checks) {
    if (const std::string* to = Find(names, check.enum_column)) check.enum_column = *to;
  }
}

}  // namespace

Matches MatchCatalogs(const Catalog& from, const Catalog& to) {
  Matches matches;
  for (const auto& [name, former] : MatchNames(NamesOf(from.models), NamesOf(to.models))) {
    const Model& before = *from.FindModel(former);
    const Model& after = *to.FindModel(name);
    MemberMatches match{former, MatchNames(NamesOf(before.fields), NamesOf(after.fields)),
                        MatchNames(NamesOf(before.relations), NamesOf(after.relations))};
    MatchForeignKeys(before, after, match);
    matches.emplace(name, std::move(match));
  }
  return matches;
}

Matches Compose(const Matches& first, const Matches& second) {
  Matches composed;
  for (const auto& [name, between] : second) {
    const MemberMatches* before = Find(first, between.model);
    if (before == nullptr) continue;
    composed.emplace(name, MemberMatches{before->model, ComposeNames(before->fields, between.fields),
                                         ComposeNames(before->relations, between.relations)});
  }
  return composed;
}

Matches Inverted(const Matches& matches) {
  Matches inverted;
  for (const auto& [name, match] : matches) {
    inverted.emplace(match.model, MemberMatches{name, InvertedNames(match.fields), InvertedNames(match.relations)});
  }
  return inverted;
}

Renames RenamesOf(const Catalog& from, const Catalog& to, const Matches& matches) {
  return RenameFinder(from, to, matches).Run();
}

DatabaseImage Renamed(const DatabaseImage& image, Renames& renames) {
  DatabaseImage renamed = image;
  std::map<ObjectName, ObjectName> tables;
  std::vector<TableRename> kept_tables;
  for (const TableRename& rename : renames.tables) {
    const auto from = image.tables.find(rename.from);
    if (from == image.tables.end()) continue;
    const bool taken = image.tables.count(rename.to) != 0 &&
                       std::none_of(renames.tables.begin(), renames.tables.end(),
                                    [&](const TableRename& other) { return other.from == rename.to; });
    if (taken) continue;
    tables.emplace(rename.from, rename.to);
    kept_tables.push_back(rename);
  }
  renames.tables = std::move(kept_tables);
  for (const auto& [from, to] : tables) renamed.tables.erase(from);
  for (const auto& [from, to] : tables) {
    TableImage table = image.tables.at(from);
    table.name = to;
    renamed.tables.insert_or_assign(to, std::move(table));
  }

  std::map<ObjectName, std::map<std::string, std::string>> columns;
  std::vector<ColumnRename> kept_columns;
  for (const ColumnRename& rename : renames.columns) {
    const TableImage* table = renamed.FindTable(rename.table);
    if (table == nullptr || table->FindColumn(rename.from) == nullptr) continue;
    const bool taken = table->FindColumn(rename.to) != nullptr &&
                       std::none_of(renames.columns.begin(), renames.columns.end(), [&](const ColumnRename& other) {
                         return other.table == rename.table && other.from == rename.to;
                       });
    if (taken) continue;
    columns[rename.table].emplace(rename.from, rename.to);
    kept_columns.push_back(rename);
  }
  renames.columns = std::move(kept_columns);

  for (auto& [name, table] : renamed.tables) {
    for (ForeignKeyImage& key : table.foreign_keys) {
      if (const auto to = tables.find(key.target); to != tables.end()) key.target = to->second;
      if (const auto names = columns.find(key.target); names != columns.end()) RenameIn(key.references, names->second);
    }
    if (const auto names = columns.find(name); names != columns.end()) RenameColumns(table, names->second);
  }
  return renamed;
}

}  // namespace rowan::store
