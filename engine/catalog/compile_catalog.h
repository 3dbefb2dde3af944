// Compiles a schema: checks it, resolves what it leaves open, and builds the catalog. docs/reference/schemas.md has the
// rules.
//
//   v1::Schema (as sent)  --check, resolve-->  v1::Schema (canonical: every name and default spelled out)  --build-->
//   Catalog
//
// The canonical form is deterministic: models, relations, keys, indexes and checks are in the order of their names,
// fields in column order with added foreign-key fields last. Compiling a canonical form gives the same canonical form,
// version and catalog.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/catalog/catalog.h"
#include "rowan/v1/schema.pb.h"

namespace rowan {

// Something that the schema implies and its author may want to know: IMPLIED_NULLABLE, INDEX_MISSING, REDUNDANT_INDEX,
// SELF_REQUIRED.
struct SchemaNotice {
  std::string reason;
  std::string path;  // document form: "models.Post.relations.user"
  std::string message;
};

struct CompiledSchema {
  std::shared_ptr<Catalog> catalog;  // immutable once it is served
  v1::Schema canonical;  // with its version, without apply_time
  std::vector<SchemaNotice> notices;
};

// Compiles the schema. `version` and `apply_time` of the input are ignored. Errors: one status of errors::SchemaInvalid
// that lists every problem with its own reason and document-form path. Pure, hence thread-safe.
absl::StatusOr<CompiledSchema> CompileSchema(const v1::Schema& schema);

}  // namespace rowan
