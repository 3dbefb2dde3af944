#include "engine/store/driver_errors.h"

#include <exception>
#include <pqxx/pqxx>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"

namespace rowan::store {
namespace {

// The driver's message without DETAIL, CONTEXT and the statement, which can hold values.
std::string FirstLine(const std::exception& error) {
  const std::string_view what = error.what();
  return std::string(what.substr(0, what.find('\n')));
}

bool HasClass(const std::string& sqlstate, const char* sqlstate_class) {
  return absl::StartsWith(sqlstate, sqlstate_class);
}

absl::Status StepError(const std::string& sqlstate, const SchemaStep& step) {
  // A new table has no rows that could be the reason.
  const bool constant = step.authored && step.lock == TableLock::kNone && HasClass(sqlstate, "22");
  if (!constant && (HasClass(sqlstate, "22") || HasClass(sqlstate, "23")))
    return errors::DataConflict(step.path, sqlstate, step.description);
  if (sqlstate == "42P07" || sqlstate == "42710") {
    if (!step.creates.empty()) return errors::TableExists(step.path, step.creates.front().name);
    return errors::ChangeRefused({{"TABLE_EXISTS",
                                   step.path,
                                   absl::StrCat("\"", step.description, "\" needs a name that something else in the database has, "
                                                "such as an index: rename that first, or remove it"),
                                   {{"step", step.description}, {"sqlstate", sqlstate}}}});
  }
  const bool untyped = sqlstate == "42883" || sqlstate == "42804";  // no such operator, or none that gives the column's type
  if ((step.authored && (HasClass(sqlstate, "42") || sqlstate == "0A000")) || untyped || constant) {
    return errors::SchemaInvalid(
        {{"SCHEMA_INVALID",
          step.path,
          absl::StrCat("PostgreSQL refuses an expression in \"", step.description, "\" (SQLSTATE ", sqlstate,
                       "): it is SQL over the table's columns, by their column names"),
          {{"sqlstate", sqlstate}}}});
  }
  if (sqlstate == "42846") {
    return errors::ChangeRefused({{"UNSUPPORTED_CHANGE",
                                   step.path,
                                   absl::StrCat("PostgreSQL does not convert these types (\"", step.description,
                                                "\"): add a field, copy what you need, and drop this one later"),
                                   {{"step", step.description}, {"sqlstate", sqlstate}}}});
  }
  // Views and the like that use what would change, and tables that inherit it.
  if (sqlstate == "2BP01" || sqlstate == "0A000" || sqlstate == "42P16") {
    return errors::ChangeRefused({{"UNSUPPORTED_CHANGE",
                                   step.path,
                                   absl::StrCat("something else in the database depends on what \"", step.description,
                                                "\" would change (SQLSTATE ", sqlstate, "): drop it first, and make it again after"),
                                   {{"step", step.description}, {"sqlstate", sqlstate}}}});
  }
  return absl::OkStatus();
}

template <typename Exception>
bool Is(const pqxx::sql_error& error) {
  return dynamic_cast<const Exception*>(&error) != nullptr;
}

// Some exceptions of libpqxx 6 come without their SQLSTATE; then it is that of their class.
std::string SqlState(const pqxx::sql_error& error) {
  if (!error.sqlstate().empty()) return error.sqlstate();
  if (Is<pqxx::insufficient_privilege>(error)) return "42501";
  if (Is<pqxx::syntax_error>(error)) return "42601";
  if (Is<pqxx::data_exception>(error)) return "22000";
  if (Is<pqxx::integrity_constraint_violation>(error)) return "23000";
  if (Is<pqxx::disk_full>(error)) return "53100";
  if (Is<pqxx::out_of_memory>(error)) return "53200";
  if (Is<pqxx::insufficient_resources>(error)) return "53000";
  return "";
}

absl::Status SqlError(const pqxx::sql_error& error, const SchemaStep* step) {
  const std::string sqlstate = SqlState(error);
  if (sqlstate == "42501") return errors::DatabasePermissionDenied("");
  if (sqlstate == "55P03") return errors::LockTimeout();
  if (sqlstate == "57014") return errors::DeadlineExceeded();
  if (sqlstate == "40P01") return errors::Deadlock(1);
  if (HasClass(sqlstate, "40")) return errors::TransactionConflict(1);
  if (HasClass(sqlstate, "53")) return errors::DatabaseExhausted(sqlstate);
  if (HasClass(sqlstate, "08") || HasClass(sqlstate, "57P")) return errors::DatabaseUnavailable();
  if (step != nullptr) {
    if (absl::Status status = StepError(sqlstate, *step); !status.ok()) return status;
  }
  return errors::Internal(absl::StrCat(step == nullptr ? "" : absl::StrCat(step->description, ": "), FirstLine(error),
                                       " (", sqlstate, ")"));
}

}  // namespace

absl::Status Guarded(const Log& log, const SchemaStep* const& step, const std::function<absl::Status()>& work) {
  const auto report = [&](const std::exception& error) {
    if (log) log(absl::StrCat("schema store: ", FirstLine(error)));
  };
  try {
    return work();
  } catch (const pqxx::in_doubt_error& error) {
    report(error);
    return errors::CommitOutcomeUnknown();
  } catch (const pqxx::too_many_connections& error) {
    report(error);
    return errors::DatabaseExhausted("53300");
  } catch (const pqxx::broken_connection& error) {
    report(error);
    return errors::DatabaseUnavailable();
  } catch (const pqxx::sql_error& error) {
    report(error);
    return SqlError(error, step);
  } catch (const std::exception& error) {
    report(error);
    return errors::Internal(FirstLine(error));
  }
}

}  // namespace rowan::store
