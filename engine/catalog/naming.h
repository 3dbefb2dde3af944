// How things are named when a schema does not say: the rules of docs/reference/schemas.md as pure functions.
//
//   SnakeCase("createdAt")  -> "created_at"        Singular("categories")   -> "category"
//   SnakeCase("HTTPServer") -> "http_server"       CamelCase("order_item")  -> "orderItem"
//   ConstraintName("fk", "users", {"role_id"}) -> "fk_users_role_id"
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rowan {

// The longest name in bytes that PostgreSQL keeps whole.
inline constexpr size_t kLongestName = 63;

// Whether the name is a letter or `_`, then letters, digits or `_` (ASCII), at least one byte. Says nothing about
// length.
bool IsIdentifier(std::string_view name);

// Whether the text is valid UTF-8 without NUL: what PostgreSQL can hold.
bool IsPlainText(std::string_view text);

// Returns text that is safe in a path or a message: plain, and cut to 64 bytes with an ellipsis.
std::string Printable(std::string_view text);

// Returns the name with `_` before each word and all ASCII letters small. Words begin at a capital after a small letter
// or digit, and at the last capital of a run that a small letter follows.
std::string SnakeCase(std::string_view name);

// Returns the words of the name, split at everything that no identifier may have and at `_`, joined with each but the
// first capitalised. Empty when there is no word that begins with a letter.
std::string CamelCase(std::string_view name);

// Returns the name with its first letter capital.
std::string Capitalised(std::string_view name);

// Returns the singular of a table's name by simple English rules, applied to its last word (after the last `_`): see
// the table in naming.cc. A word that no rule knows stays as it is. A schema can override whatever the result is used
// for.
std::string Singular(std::string_view table);

// Returns a name of at most 63 bytes: the name itself, or its first bytes (whole characters), `_` and 8 hexadecimal
// digits of its hash.
std::string Shortened(std::string_view name);

// Returns `<prefix>_<table>_<columns>`, shortened.
std::string ConstraintName(std::string_view prefix, std::string_view table, const std::vector<std::string>& columns);

// Returns the fields that hold a foreign key to `references` when nothing names them: `<stem>Id`, or `<stem><Field>`
// for each of several.
std::vector<std::string> ForeignKeyFieldNames(std::string_view stem, const std::vector<std::string>& references);

}  // namespace rowan
