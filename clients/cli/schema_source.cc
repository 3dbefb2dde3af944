#include "clients/cli/schema_source.h"

#include <cstdio>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "clients/cli/input.h"
#include "clients/cli/schema_printing.h"
#include "clients/document/locate.h"
#include "clients/document/parse_document.h"
#include "clients/document/schema.h"
#include "engine/base/status_macros.h"

namespace rowan::cli {
namespace {

// What the parser says of bad syntax begins with its place. Returns how long that is, or 0.
int ReadPlace(const std::string& message, PlacedDiagnostic& placed) {
  int length = 0;
  if (std::sscanf(message.c_str(), "line %d, column %d: %n", &placed.line, &placed.column, &length) != 2) return 0;
  return length;
}

// A problem of the server is "[REASON] message".
v1::Diagnostic ProblemOf(const std::string& path, std::string text, const std::string& reason) {
  v1::Diagnostic problem;
  problem.set_severity(v1::SEVERITY_ERROR);
  problem.set_path(path);
  problem.set_reason(reason);
  const size_t end = text.find("] ");
  if (text.starts_with('[') && end != std::string::npos) {
    problem.set_reason(text.substr(1, end - 1));
    text.erase(0, end + 2);
  }
  problem.set_message(text);
  return problem;
}

}  // namespace

absl::StatusOr<SchemaSource> ReadSource(const Options& options, Console& console) {
  if (options.file == "-") {
    ROWAN_ASSIGN_OR_RETURN(std::string text, ReadStandardInput(console));
    return SchemaSource{.name = "<stdin>", .text = std::move(text)};
  }
  // As documents are given elsewhere.
  const bool at = options.file.size() > 1 && options.file[0] == '@';
  SchemaSource source{.name = at ? options.file.substr(1) : options.file};
  ROWAN_ASSIGN_OR_RETURN(source.text, ReadFile(source.name));
  return source;
}

absl::StatusOr<v1::Schema> ParseSource(const SchemaSource& source) {
  ROWAN_ASSIGN_OR_RETURN(const document::Node node,
                         document::ParseDocument(source.text, document::SyntaxOf(source.text, source.name)));
  return document::ToSchema(node);
}

std::vector<PlacedDiagnostic> Place(const SchemaSource& source, std::vector<v1::Diagnostic> diagnostics) {
  std::vector<std::string> paths;
  for (const v1::Diagnostic& diagnostic : diagnostics) paths.push_back(diagnostic.path());
  std::vector<document::Position> positions(paths.size());
  if (!source.name.empty()) positions = document::Locate(source.text, paths);
  std::vector<PlacedDiagnostic> placed;
  for (size_t i = 0; i < diagnostics.size(); ++i) {
    PlacedDiagnostic& entry =
        placed.emplace_back(PlacedDiagnostic{std::move(diagnostics[i]), positions[i].line, positions[i].column});
    entry.diagnostic.mutable_message()->erase(0, ReadPlace(entry.diagnostic.message(), entry));
  }
  return placed;
}

std::vector<v1::Diagnostic> TakeProblems(const SchemaSource& source, Failure& failure) {
  std::vector<v1::Diagnostic> problems;
  if (source.name.empty() || failure.places.empty()) return problems;
  for (const auto& [path, text] : failure.places)
    problems.push_back(ProblemOf(path, text.empty() ? failure.message : text, failure.reason));
  // The message repeats the first problems after what they have in common, if anything.
  const v1::Diagnostic& first = problems.front();
  const size_t repeated = failure.message.find(absl::StrCat(": ", first.path(), ": ", first.message()));
  if (repeated != std::string::npos) {
    failure.message.erase(repeated);
  } else {
    const bool unreadable = failure.reason == "DOCUMENT_INVALID";
    failure.message = absl::StrCat(source.name, unreadable ? " is no valid schema" : " was not applied");
  }
  failure.places.clear();
  return problems;
}

void TellDiagnostics(const SchemaSource& source, const std::vector<v1::Diagnostic>& diagnostics, Console& console) {
  for (const PlacedDiagnostic& placed : Place(source, diagnostics)) {
    const v1::Diagnostic& diagnostic = placed.diagnostic;
    if (source.name.empty()) {
      console.err << "rowan: ";
    } else {
      console.err << Printable(source.name) << ":";
      if (placed.line > 0) console.err << placed.line << ":" << placed.column << ":";
      console.err << " ";
    }
    console.err << SeverityName(diagnostic.severity()) << " " << Printable(diagnostic.reason());
    if (placed.line == 0 && !diagnostic.path().empty()) console.err << " at " << Printable(diagnostic.path());
    console.err << ": " << Printable(diagnostic.message()) << "\n";
  }
}

}  // namespace rowan::cli
