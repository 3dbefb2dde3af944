// Golden files: cases of a request and what explaining it gives. See docs/guides/testing.md for the form.
//
//   schema: blog
//
//   ==== a field of a related record
//   get User
//   {select: {role: {name: true}}}
//   ----
//   select User []
//   …
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "rowan/v1/schema.pb.h"

namespace rowan::golden {

struct Case {
  std::string title;
  std::string request;  // "get User" and a document, or "proto" and a textproto of ExplainRequest
  std::string expected;
};

struct File {
  std::string path;
  std::string schema;  // the name of a file in tests/golden/schemas
  std::vector<Case> cases;
};

// Returns every .golden file below the folder, in the order of their paths. Errors: a file that is not of the form.
absl::StatusOr<std::vector<File>> ReadFiles(const std::string& folder);

// Writes a file back.
void WriteFile(const File& file);

// Returns the schema that a file names.
absl::StatusOr<v1::Schema> ReadSchema(const std::string& folder, const std::string& name);

}  // namespace rowan::golden
