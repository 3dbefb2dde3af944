// From text to the tree of a document.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "clients/document/node.h"

namespace rowan::document {

// How deep a document may be nested.
inline constexpr int kMaxDepth = 64;

// How many values a YAML document may unfold to, aliases included. JSON cannot be larger than its text.
inline constexpr int kMaxNodes = 500'000;

enum class Syntax { kJson, kYaml };

// Tells the syntax of a text by the name of its file (.json; .yaml and .yml), and else by how it begins: a text with an
// opening bracket or brace is JSON, unless the first key of its first object has no quotes, as in {id: 1} and [{id:
// 1}]. `name` may be empty.
Syntax SyntaxOf(std::string_view text, std::string_view name);

// Parses one document. Errors: INVALID_ARGUMENT (DOCUMENT_INVALID) that begin with "line L, column C: ": bad syntax,
// bad UTF-8, a key that appears twice, more than kMaxDepth levels.
absl::StatusOr<Node> ParseDocument(std::string_view text, Syntax syntax);

// Parses one JSON text; as ParseDocument.
absl::StatusOr<Node> ParseJson(std::string_view text);

// Parses one YAML document; as ParseDocument. An unquoted scalar is null (`~`, `null`, nothing), a boolean (`true`,
// `false`) or a number in JSON's spelling; any other is text, so that 007, 0x1f, yes and 2024-05-01 stay what they look
// like. Quoted scalars are text.
absl::StatusOr<Node> ParseYaml(std::string_view text);

// Reads an unquoted YAML scalar.
Node ReadPlainScalar(std::string_view text);

// Tells whether a text is a number in JSON's spelling.
bool IsJsonNumber(std::string_view text);

}  // namespace rowan::document
