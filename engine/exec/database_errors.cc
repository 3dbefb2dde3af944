#include "engine/exec/database_errors.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/errors.h"
#include "engine/pg/result.h"

namespace rowan::exec {
namespace {

std::string FieldNames(const std::vector<const Field*>& fields) {
  std::string names;
  for (const Field* field : fields) names += (names.empty() ? "" : ", ") + field->name;
  return names;
}

const Model* FindTable(const Catalog& catalog, const pg::DatabaseError& error) {
  for (const auto& model : catalog.models) {
    if (model->table == error.table && model->schema == error.schema) return model.get();
  }
  return nullptr;
}

std::string_view ModelName(const Model* model) {
  return model == nullptr ? std::string_view() : model->name;
}

absl::Status Unique(const Catalog& catalog, const pg::DatabaseError& error) {
  const Model* model = FindTable(catalog, error);
  if (model != nullptr) {
    for (const Key& key : model->keys) {
      if (key.constraint == error.constraint) {
        return errors::UniqueViolation(error.constraint, model->name, FieldNames(key.fields));
      }
    }
    for (const IndexDefinition& index : model->indexes) {
      if (index.name == error.constraint) {
        return errors::UniqueViolation(error.constraint, model->name, FieldNames(index.fields));
      }
    }
  }
  return errors::UniqueViolation(error.constraint, ModelName(model), "");
}

// The relation over the junction that the constraint is of, from the side that keeps the row, or else from the row's own.
const Relation* FindLinks(const Catalog& catalog, const pg::DatabaseError& error) {
  const Relation* own = nullptr;
  for (const auto& model : catalog.models) {
    for (const auto& relation : model->relations) {
      const std::optional<Junction>& junction = relation->junction;
      if (!junction || junction->table != error.table || junction->schema != error.schema) continue;
      if (junction->target_foreign_key == error.constraint) return relation.get();
      if (junction->source_foreign_key == error.constraint) own = relation.get();
    }
  }
  return own;
}

absl::Status BrokenForeignKey(const Catalog& catalog, const pg::DatabaseError& error, const Attempt& attempt) {
  const Model* holder = FindTable(catalog, error);
  if (holder == nullptr) {
    const Relation* links = FindLinks(catalog, error);
    if (links == nullptr) return errors::ForeignKeyRestrict(error.constraint, "", "");
    const bool own = links->junction->source_foreign_key == error.constraint;
    return errors::ForeignKeyRestrict(error.constraint, own ? links->target->name : links->source->name, links->name);
  }
  for (const ForeignKey& key : holder->foreign_keys) {
    if (key.constraint != error.constraint) continue;
    if (holder == attempt.written) {
      const std::string_view name = key.relation == nullptr ? key.fields.front()->name : key.relation->name;
      return errors::RelatedNotFound({attempt.place + "." + std::string(name)}, key.target->name, {});
    }
    return errors::ForeignKeyRestrict(error.constraint, holder->name,
                                      key.relation == nullptr ? "" : key.relation->name);
  }
  return errors::ForeignKeyRestrict(error.constraint, holder->name, "");
}

absl::Status NotNull(const Catalog& catalog, const pg::DatabaseError& error, const Attempt& attempt) {
  const Model* model = FindTable(catalog, error);
  if (model != nullptr) {
    for (const auto& field : model->fields) {
      if (field->column == error.column) return errors::NotNullViolation(attempt.place, model->name, field->name);
    }
  }
  return errors::NotNullViolation(attempt.place, ModelName(model), "");
}

bool HasNativeTexts(const Catalog& catalog) {
  return std::any_of(catalog.models.begin(), catalog.models.end(), [](const auto& model) {
    return std::any_of(model->fields.begin(), model->fields.end(),
                       [](const auto& field) { return TravelsAsText(field->type); });
  });
}

}  // namespace

bool IsTransient(const absl::Status& status) {
  const auto error = pg::DatabaseErrorOf(status);
  return error != nullptr && (error->sqlstate == "40001" || error->sqlstate == "40P01");
}

absl::Status TranslateDatabaseError(const absl::Status& status, const Attempt& attempt, const Context& context) {
  const auto error = pg::DatabaseErrorOf(status);
  if (error == nullptr) return status;
  if (context.call.cancellation->cancelled()) return errors::Cancelled();
  const std::string& state = error->sqlstate;
  const std::string_view group = std::string_view(state).substr(0, 2);
  if (state == "57014") return errors::DeadlineExceeded();
  context.log(context.call.request_id,
              "PostgreSQL: " + (state.empty() ? "connection lost" : state) + ": " + error->message);
  if (state == "23505") return Unique(context.catalog, *error);
  if (state == "23503" || state == "23001") return BrokenForeignKey(context.catalog, *error, attempt);
  if (state == "23502") return NotNull(context.catalog, *error, attempt);
  if (state == "23514") {
    return errors::CheckViolation(attempt.place, error->constraint, ModelName(FindTable(context.catalog, *error)));
  }
  if (group == "22") return errors::InvalidValue(state);
  if (state == "21000") {
    return errors::ConflictingInput(Path(attempt.place), "", "two records have the same key, spelt in two ways");
  }
  if (state == "40001") return errors::TransactionConflict(attempt.attempts);
  if (state == "40P01") return errors::Deadlock(attempt.attempts);
  if (state == "55P03") return errors::LockTimeout();
  if (group == "53") return errors::DatabaseExhausted(state);
  if (state.empty() || group == "08" || state.starts_with("57P0")) return errors::DatabaseUnavailable();
  if (state == "42501") return errors::DatabasePermissionDenied(ModelName(FindTable(context.catalog, *error)));
  if (state == "42883" && HasNativeTexts(context.catalog)) return errors::OperatorMissing();
  // Undefined table, column, schema, type; a type that changed; a plan that no longer fits.
  if (state == "42P01" || state == "42703" || state == "3F000" || state == "42704" || state == "42804" ||
      state == "42883" || state == "0A000") {
    return errors::SchemaDrift(context.catalog.schema_name, context.catalog.version);
  }
  return errors::Internal("PostgreSQL: " + state + ": " + error->message);
}

}  // namespace rowan::exec
