#include "clients/cli/schema_printing.h"

#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"

namespace rowan::cli {
namespace {

using Steps = google::protobuf::RepeatedPtrField<v1::SchemaStep>;

std::string RiskName(v1::StepRisk risk) {
  switch (risk) {
    case v1::STEP_RISK_SAFE:
      return "safe";
    case v1::STEP_RISK_MAY_FAIL:
      return "may fail";
    case v1::STEP_RISK_BLOCKING:
      return "blocking";
    case v1::STEP_RISK_BREAKING:
      return "breaking";
    case v1::STEP_RISK_LOSSY:
      return "lossy";
    default:  // the proto's enum is open
      return absl::StrCat("risk ", static_cast<int>(risk));
  }
}

// The lock as PostgreSQL calls it; empty for none.
std::string LockName(v1::TableLock lock) {
  switch (lock) {
    case v1::TABLE_LOCK_NONE:
      return "";
    case v1::TABLE_LOCK_SHARE_UPDATE_EXCLUSIVE:
      return "SHARE UPDATE EXCLUSIVE";
    case v1::TABLE_LOCK_SHARE:
      return "SHARE";
    case v1::TABLE_LOCK_SHARE_ROW_EXCLUSIVE:
      return "SHARE ROW EXCLUSIVE";
    case v1::TABLE_LOCK_ACCESS_EXCLUSIVE:
      return "ACCESS EXCLUSIVE";
    default:  // the proto's enum is open
      return absl::StrCat("lock ", static_cast<int>(lock));
  }
}

// What the lock means for requests.
std::string LockEffect(v1::TableLock lock) {
  switch (lock) {
    case v1::TABLE_LOCK_SHARE_UPDATE_EXCLUSIVE:
      return ": reads and writes go on";
    case v1::TABLE_LOCK_SHARE:
    case v1::TABLE_LOCK_SHARE_ROW_EXCLUSIVE:
      return ": writes wait";
    case v1::TABLE_LOCK_ACCESS_EXCLUSIVE:
      return ": reads and writes wait";
    default:
      return "";
  }
}

std::string LockText(v1::TableLock lock) {
  const std::string name = LockName(lock);
  return name.empty() ? "no lock" : absl::StrCat(name, " lock", LockEffect(lock));
}

}  // namespace

std::string SeverityName(v1::Severity severity) {
  switch (severity) {
    case v1::SEVERITY_NOTICE:
      return "notice";
    case v1::SEVERITY_WARNING:
      return "warning";
    case v1::SEVERITY_ERROR:
      return "error";
    default:  // the proto's enum is open
      return absl::StrCat("severity ", static_cast<int>(severity));
  }
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  const absl::Time instant = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", instant, absl::UTCTimeZone());
}

document::Node ToDocument(const v1::Diagnostic& diagnostic) {
  document::Node node = document::Object();
  node.Add("severity", document::Text(SeverityName(diagnostic.severity())));
  node.Add("reason", document::Text(diagnostic.reason()));
  node.Add("path", document::Text(diagnostic.path()));
  node.Add("message", document::Text(diagnostic.message()));
  return node;
}

document::Node ToDocument(const v1::SchemaStep& step) {
  document::Node node = document::Object();
  node.Add("description", document::Text(step.description()));
  node.Add("path", document::Text(step.path()));
  node.Add("risk", document::Text(RiskName(step.risk())));
  node.Add("lock", document::Text(LockName(step.lock())));
  node.Add("explanation", document::Text(step.explanation()));
  node.Add("stage", document::Number(int64_t{step.stage()}));
  node.Add("alone", document::Bool(step.alone()));
  node.Add("sql", document::Text(step.sql()));
  return node;
}

document::Node ToDocument(const v1::ApplySchemaResponse& response) {
  document::Node node = document::Object();
  node.Add("schema", document::Text(response.schema().name()));
  node.Add("version", document::Text(response.schema().version()));
  node.Add("applied", document::Bool(response.applied()));
  document::Node& diagnostics = node.Add("diagnostics", document::List());
  for (const v1::Diagnostic& diagnostic : response.diagnostics()) diagnostics.items.push_back(ToDocument(diagnostic));
  document::Node& steps = node.Add("steps", document::List());
  for (const v1::SchemaStep& step : response.steps()) steps.items.push_back(ToDocument(step));
  return node;
}

void PrintPlan(const Steps& steps, bool sql, Console& console) {
  const v1::SchemaStep* before = nullptr;
  for (const v1::SchemaStep& step : steps) {
    if (before == nullptr || before->stage() != step.stage() || before->alone() != step.alone()) {
      console.out << "stage " << step.stage() << ", " << (step.alone() ? "outside of a transaction" : "one transaction")
                  << ":\n";
    }
    before = &step;
    console.out << "  " << Printable(step.description()) << " (" << RiskName(step.risk()) << ", "
                << LockText(step.lock()) << ")\n";
    if (!step.explanation().empty()) console.out << "    " << Printable(step.explanation()) << '\n';
    if (!sql) continue;
    for (const absl::string_view line : absl::StrSplit(absl::StripTrailingAsciiWhitespace(step.sql()), '\n'))
      console.out << "      " << Printable(std::string(line)) << '\n';
  }
}

}  // namespace rowan::cli
