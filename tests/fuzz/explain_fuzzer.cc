// What a client can send to a read or a write, up to the SQL: any bytes give either statements or an error with a reason
// and a path, never a crash, and the same bytes always the same answer. libFuzzer's entry point; see fuzz_corpus.cc for
// how it runs without libFuzzer.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "clients/document/parse_document.h"
#include "clients/document/schema.h"
#include "engine/base/errors.h"
#include "engine/catalog/compile_catalog.h"
#include "engine/engine_explain.h"
#include "rowan/v1/data_service.pb.h"
#include "tests/golden/golden_file.h"

namespace rowan {
namespace {

std::shared_ptr<const Catalog> Compile(const std::string& name) {
  const auto schema = golden::ReadSchema(ROWAN_GOLDEN "/schemas", name);
  const auto compiled = schema.ok() ? CompileSchema(*schema) : absl::StatusOr<CompiledSchema>(schema.status());
  if (!compiled.ok()) {
    std::fprintf(stderr, "schema %s: %s\n", name.c_str(), compiled.status().ToString().c_str());
    std::abort();
  }
  return compiled->catalog;
}

void Require(bool holds, const char* what, const v1::ExplainRequest& request) {
  if (holds) return;
  std::fprintf(stderr, "%s:\n%s\n", what, request.DebugString().c_str());
  std::abort();
}

void Check(const v1::ExplainRequest& request, const Catalog& catalog) {
  static const Limits limits;
  static const TokenKey tokens("fuzz");
  const BindContext context{catalog, limits, tokens};
  v1::ExplainResponse first;
  v1::ExplainResponse second;
  const absl::Status status = ExplainRequest(request, context, nullptr, first);
  const absl::Status again = ExplainRequest(request, context, nullptr, second);
  Require(status.code() == again.code() && status.message() == again.message(), "two answers to one request", request);
  if (!status.ok()) {
    Require(!ErrorReasonOf(status).empty(), "an error without a reason", request);
    Require(status.code() != absl::StatusCode::kInternal, "an internal error", request);
    return;
  }
  Require(first.statements_size() == second.statements_size(), "two plans of one request", request);
  for (int i = 0; i < first.statements_size(); ++i) {
    const v1::ExplainStatement& statement = first.statements(i);
    Require(statement.sql() == second.statements(i).sql(), "two texts of one statement", request);
    // Every parameter is used, and none is that is not there.
    for (int number = 1; number <= statement.parameter_types_size() + 1; ++number) {
      const std::string parameter = "$" + std::to_string(number);
      bool used = false;
      for (size_t at = statement.sql().find(parameter); at != std::string::npos && !used;
           at = statement.sql().find(parameter, at + 1)) {
        const char next = at + parameter.size() < statement.sql().size() ? statement.sql()[at + parameter.size()] : ' ';
        used = next < '0' || next > '9';
      }
      // A name may hold a dollar and a number, so only what is missing tells.
      if (number <= statement.parameter_types_size()) Require(used, "a parameter that is not used", request);
    }
  }
}

}  // namespace
}  // namespace rowan

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto blog = rowan::Compile("blog");
  static const auto shop = rowan::Compile("shop");
  rowan::v1::ExplainRequest request;
  if (!request.ParseFromArray(data, static_cast<int>(size))) return 0;
  rowan::Check(request, rowan::ExplainedSchema(request) == "shop" ? *shop : *blog);
  return 0;
}
