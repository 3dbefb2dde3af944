#include "absl/strings/str_cat.h"
#include "engine/base/error_text.h"

namespace rowan::errors {

// --- bind: names

absl::Status MissingArgument(const Path& path, std::string_view what) {
  return RequestError("MISSING_ARGUMENT", path.Text(), "is empty. Send " + Str(what) + ".");
}

absl::Status UnknownSchema(std::string_view name, const Names& existing) {
  const NamesHint hint = Hint(name, existing);
  return RequestError("UNKNOWN_SCHEMA", "schema", "there is no schema " + Quoted(name) + "." + hint.text,
                      {{"schema", Quotable(name)}, {"nearest", hint.nearest}}, absl::StatusCode::kNotFound);
}

absl::Status UnknownModel(const Path& path, std::string_view name, const Names& existing) {
  const NamesHint hint = Hint(name, existing);
  return RequestError("UNKNOWN_MODEL", path.Text(), "there is no model " + Quoted(name) + "." + hint.text,
                      {{"name", Quotable(name)}, {"nearest", hint.nearest}});
}

absl::Status UnknownField(const Path& path, std::string_view model, std::string_view name, const Names& existing) {
  const NamesHint hint = Hint(name, existing);
  return RequestError("UNKNOWN_FIELD", path.Text(), Str(model) + " has no field " + Quoted(name) + "." + hint.text,
                      {{"model", Str(model)}, {"name", Quotable(name)}, {"nearest", hint.nearest}});
}

absl::Status UnknownRelation(const Path& path, std::string_view model, std::string_view name, const Names& existing) {
  const NamesHint hint = Hint(name, existing);
  return RequestError("UNKNOWN_RELATION", path.Text(),
                      Str(model) + " has no relation " + Quoted(name) + "." + hint.text,
                      {{"model", Str(model)}, {"name", Quotable(name)}, {"nearest", hint.nearest}});
}

absl::Status EmptySelection(const Path& path, std::string_view model, const Names& fields) {
  return RequestError(
      "EMPTY_SELECTION", path.Text(),
      "nothing is selected of " + Str(model) + ". Select fields by name, or \"*\" for all: " + Listed(fields) + ".",
      {{"model", Str(model)}});
}

absl::Status DuplicateName(const Path& path, std::string_view name) {
  return RequestError("DUPLICATE_NAME", path.Text(),
                      Quoted(name) + " is there twice. Give one of them an alias, or leave it out.",
                      {{"name", Quotable(name)}});
}

// --- bind: filters, orders, pages

absl::Status EmptyFilter(const Path& path) {
  return RequestError(
      "EMPTY_FILTER", path.Text(),
      "a filter has no condition. Send all_of, any_of, not, field or relation, or leave the filter out.");
}

absl::Status MissingOperator(const Path& path, std::string_view allowed) {
  return RequestError("MISSING_OPERATOR", path.Text(),
                      "a comparison has no operator. Send one of: " + Str(allowed) + ".", {{"allowed", Str(allowed)}});
}

absl::Status MissingValue(const Path& path) {
  return RequestError("MISSING_VALUE", path.Text(), "a value has no kind. Set one; null_value is null.");
}

absl::Status OperatorNotAllowed(const Path& path, std::string_view op, std::string_view type,
                                std::string_view allowed) {
  return RequestError("OPERATOR_NOT_ALLOWED", path.Text(),
                      Str(type) + " has no operator " + Str(op) + ". It has: " + Str(allowed) + ".",
                      {{"operator", Str(op)}, {"type", Str(type)}, {"allowed", Str(allowed)}});
}

absl::Status QuantifierNotAllowed(const Path& path, std::string_view quantifier, std::string_view relation,
                                  std::string_view allowed) {
  return RequestError(
      "QUANTIFIER_NOT_ALLOWED", path.Text(),
      "relation " + Str(relation) + " cannot be filtered with " + Str(quantifier) + ". Use " + Str(allowed) + ".",
      {{"relation", Str(relation)}, {"quantifier", Str(quantifier)}, {"allowed", Str(allowed)}});
}

absl::Status NullOperand(const Path& path, std::string_view op) {
  return RequestError("NULL_NOT_ALLOWED", path.Text(),
                      "null cannot be compared with " + Str(op) + ". Use eq or ne with null, or isNull.",
                      {{"operator", Str(op)}});
}

absl::Status NotOrderable(const Path& path, std::string_view field, std::string_view type) {
  return RequestError("NOT_ORDERABLE", path.Text(), "field " + Str(field) + " of type " + Str(type) + " has no order.",
                      {{"field", Str(field)}, {"type", Str(type)}});
}

absl::Status PageOnToOne(const Path& path, std::string_view relation) {
  return RequestError(
      "PAGE_ON_TO_ONE", path.Text(),
      "relation " + Str(relation) + " leads to one record, which has no order and no page. Leave them out.",
      {{"relation", Str(relation)}});
}

absl::Status LimitOutOfRange(const Path& path, int64_t value, int64_t max) {
  return RequestError("LIMIT_OUT_OF_RANGE", path.Text(), absl::StrCat(value, " is not within 0 and ", max, "."),
                      {{"min", "0"}, {"max", std::to_string(max)}});
}

absl::Status DepthExceeded(const Path& path, std::string_view what, int limit) {
  return RequestError("DEPTH_EXCEEDED", path.Text(),
                      Str(what) + absl::StrCat(" are nested more than ", limit, " levels deep. Split the request."),
                      {{"limit", std::to_string(limit)}});
}

absl::Status TooManyNodes(const Path& path, int limit, std::string_view what) {
  return RequestError("TOO_MANY_NODES", path.Text(),
                      absl::StrCat("the request holds more than ", limit, " ", Str(what), ". Split it."),
                      {{"limit", std::to_string(limit)}});
}

absl::Status CursorMismatch(const Path& path) {
  return RequestError("CURSOR_MISMATCH", path.Text(),
                      "the token was not given for this query, or the schema changed since. A token goes with the same "
                      "model, filter, order and distinct_on. Begin again without it.");
}

absl::Status InvalidRegex(const Path& path, std::string_view why) {
  return RequestError("INVALID_REGEX", path.Text(),
                      "the regular expression is not accepted: " + Str(why) +
                          ". Use what RE2 and PostgreSQL share: literals, classes, groups, |, * + ? {n,m}, ^ $.");
}

absl::Status AggregateNotAllowed(const Path& path, std::string_view function, std::string_view type,
                                 std::string_view allowed) {
  return RequestError("AGGREGATE_NOT_ALLOWED", path.Text(),
                      Str(type) + " has no " + Str(function) + ". It has: " + Str(allowed) + ".",
                      {{"function", Str(function)}, {"type", Str(type)}, {"allowed", Str(allowed)}});
}

absl::Status DuplicateOrder(const Path& path, std::string_view name) {
  return RequestError("DUPLICATE_NAME", path.Text(), Quoted(name) + " is ordered by twice. Leave one of them out.",
                      {{"name", Quotable(name)}});
}

absl::Status NotOrderableRelation(const Path& path, std::string_view relation, std::string_view why) {
  return RequestError("NOT_ORDERABLE", path.Text(), "relation " + Str(relation) + " " + Str(why) + ".",
                      {{"relation", Str(relation)}});
}

// --- values

absl::Status TypeMismatch(const Path& path, std::string_view expected, std::string_view got) {
  return RequestError("TYPE_MISMATCH", path.Text(), "expects " + Str(expected) + ", got " + Str(got) + ".",
                      {{"expected", Str(expected)}, {"got", Str(got)}});
}

absl::Status ValueOutOfRange(const Path& path, std::string_view type, std::string_view why) {
  return RequestError("VALUE_OUT_OF_RANGE", path.Text(), "the value does not fit " + Str(type) + ": " + Str(why) + ".",
                      {{"type", Str(type)}});
}

absl::Status MalformedValue(const Path& path, std::string_view type, std::string_view why) {
  return RequestError("MALFORMED_VALUE", path.Text(), "the value is no " + Str(type) + ": " + Str(why) + ".",
                      {{"type", Str(type)}});
}

// --- bind: writes

absl::Status NullNotAllowed(const Path& path, std::string_view model, std::string_view field) {
  return RequestError("NULL_NOT_ALLOWED", path.Text(), Str(model) + "." + Str(field) + " cannot be null. Send a value.",
                      {{"model", Str(model)}, {"field", Str(field)}});
}

absl::Status RequiredField(const Path& path, std::string_view model, std::string_view field, std::string_view instead) {
  return RequestError("REQUIRED_FIELD", path.Text(),
                      Str(model) + "." + Str(field) + " is required. Send " + Str(instead) + ".",
                      {{"model", Str(model)}, {"field", Str(field)}});
}

absl::Status ReadOnlyField(const Path& path, std::string_view model, std::string_view field) {
  return RequestError("READ_ONLY_FIELD", path.Text(), Str(model) + "." + Str(field) + " is read-only. Leave it out.",
                      {{"model", Str(model)}, {"field", Str(field)}});
}

absl::Status ConflictingInput(const Path& path, std::string_view other, std::string_view why) {
  const std::string what = other.empty() ? "this contradicts the rest of the request: "
                                         : "this and " + Str(other) + " contradict each other: ";
  return RequestError("CONFLICTING_INPUT", path.Text(), what + Str(why) + ". Leave one of them out.",
                      {{"other", Str(other)}});
}

absl::Status EmptyMutation(const Path& path) {
  return RequestError("EMPTY_MUTATION", path.Text(), "there is nothing to write. Send at least one field or relation.");
}

absl::Status EmptyRelationWrite(const Path& path, std::string_view allowed) {
  return RequestError("EMPTY_RELATION_WRITE", path.Text(),
                      "the relation write has no verb. Send one of: " + Str(allowed) + ".",
                      {{"allowed", Str(allowed)}});
}

absl::Status VerbNotAllowed(const Path& path, std::string_view verb, std::string_view relation,
                            std::string_view allowed, std::string_view why) {
  return RequestError("VERB_NOT_ALLOWED", path.Text(),
                      Str(verb) + " cannot be used here: " + Str(why) + ". Use " + Str(allowed) + ".",
                      {{"relation", Str(relation)}, {"verb", Str(verb)}, {"allowed", Str(allowed)}});
}

absl::Status ReadOnlyModel(const Path& path, std::string_view model) {
  return RequestError("READ_ONLY_MODEL", path.Text(),
                      "model " + Str(model) + " can only be read: its table is a view, or others write it.",
                      {{"model", Str(model)}});
}

absl::Status TooManyRelated(const Path& path, std::string_view relation) {
  return RequestError("TOO_MANY_RELATED", path.Text(),
                      "relation " + Str(relation) + " leads to one record. Send one verb with one record or key.",
                      {{"relation", Str(relation)}});
}

absl::Status NotAKey(const Path& path, std::string_view model, std::string_view keys) {
  return RequestError("NOT_A_KEY", path.Text(),
                      "this is no key of " + Str(model) + ". Its keys are: " + Str(keys) + ".",
                      {{"model", Str(model)}, {"keys", Str(keys)}});
}

absl::Status DisconnectRequired(const Path& path, std::string_view model, std::string_view relation) {
  return RequestError(
      "DISCONNECT_REQUIRED", path.Text(),
      "the foreign key of " + Str(model) + "." + Str(relation) +
          " is required, so its rows cannot be related to nothing. Connect them elsewhere, or delete them.",
      {{"model", Str(model)}, {"relation", Str(relation)}});
}

absl::Status UnguardedMutation(const Path& path, std::string_view verb) {
  return RequestError(
      "UNGUARDED_MUTATION", path.Text(),
      "the " + Str(verb) + " has no filter and would touch every row. Send a filter, or all_rows: true.", {},
      absl::StatusCode::kFailedPrecondition);
}

absl::Status UnorderableWrite(const Path& path) {
  return RequestError(
      "UNORDERABLE_WRITE", path.Text(),
      "the new rows refer to each other in a circle. Insert one without the relation and connect it afterwards.", {},
      absl::StatusCode::kFailedPrecondition);
}

absl::Status ChangeNotAllowed(const Path& path, std::string_view type, std::string_view allowed) {
  return RequestError("CHANGE_NOT_ALLOWED", path.Text(),
                      "this field of type " + Str(type) + " does not take the change. It takes: " + Str(allowed) + ".",
                      {{"type", Str(type)}, {"allowed", Str(allowed)}});
}

absl::Status UnknownRecord(const Path& path, std::string_view name, const Names& existing) {
  const NamesHint hint = Hint(name, existing);
  return RequestError("UNKNOWN_RECORD", path.Text(),
                      "the request creates no record named " + Quoted(name) + "." + hint.text +
                          " Give the record a name under create, or name an existing one by its key.",
                      {{"name", Quotable(name)}, {"nearest", hint.nearest}});
}

}  // namespace rowan::errors
