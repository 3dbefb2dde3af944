// An insert of users with their posts, which are connected to tags, and the ids of the users as an answer:
//
// Where no foreign key is known to hold them, the records that are named are looked for, and keys are allotted from the sequence
// that PostgreSQL names where it was not asked for it when the schema was loaded.
//
//   WITH named AS MATERIALIZED (SELECT (SELECT bool_and(EXISTS (SELECT 1 FROM tags t WHERE t.id = k.c0))
//                                       FROM unnest($1) AS k(c0)) IS NOT FALSE AS v),
//        a0_1 AS MATERIALIZED (SELECT array_agg(n.v) AS v FROM (SELECT nextval(…) FROM …) AS n(v)),      keys of the users,
//        a1_2 AS MATERIALIZED (…),                                                                        and of the posts
//        l2 AS (INSERT INTO post_tags … SELECT (SELECT v FROM a1_2)[k.p], k.x1 FROM unnest($2, $3) AS k(p, x1) WHERE …),
//        i1 AS (INSERT INTO posts … SELECT (SELECT v FROM a1_2)[k.n], k.c0, (SELECT v FROM a0_1)[k.p] FROM unnest(…)
//               WITH ORDINALITY AS k(c0, p, n) WHERE (SELECT v FROM named)),
//        i0 AS (INSERT INTO users … RETURNING id)
//   SELECT (SELECT v FROM named), (SELECT v FROM a0_1), (SELECT array_agg(i0.id) FROM i0)
//
// Where the root is one record, the rows of lone nodes need no arrays:
//
//        a0_1 AS MATERIALIZED (SELECT nextval(…) AS v),
//        i0 AS (INSERT INTO users (name, id) SELECT $1, (SELECT v FROM a0_1) RETURNING id)
//
// PostgreSQL runs the parts of such a statement that nothing reads from the last one to the first, so they are written
// backwards, and triggers find what a row refers to. Foreign keys are checked at the end.
#include <variant>

#include "engine/sql/step_renderer.h"

namespace rowan::sql {

using plan::Chain;
using plan::Node;

namespace {

std::string KeysName(const Chain::Column& keys) {
  return "a" + std::to_string(keys.node) + "_" + std::to_string(keys.column);
}

}  // namespace

StepStatement StepRenderer::RenderChain(bool of_one) {
  chain_ = &*program_.chain;
  of_one_ = of_one;
  std::string_view separator = "WITH ";
  const auto part = [&](const std::string& name, std::string_view how) {
    writer_ << std::exchange(separator, ", ") << name << how << "(";
  };
  for (const int check : chain_->checks) {
    if (!std::exchange(guarded_, true)) {
      part("named", " AS MATERIALIZED ");
      writer_ << "SELECT ";
    } else {
      writer_ << " AND ";
    }
    AllThere(std::get<plan::LockRows>(program_.steps[check]));
  }
  if (guarded_) writer_ << " AS v)";
  for (const plan::Step& step : program_.steps) {
    const auto* allot = std::get_if<plan::Allot>(&step);
    const Chain::Source* source = allot == nullptr ? nullptr : Chained(allot->node, allot->column);
    if (source == nullptr || source->kind != Chain::Source::Kind::kAllotted) continue;
    part(KeysName(source->column), " AS MATERIALIZED ");
    const Field& field = *program_.nodes[allot->node].columns[allot->column].field;
    const bool lone = IsLone(allot->node);
    if (field.sequence.empty()) {
      writer_ << (lone ? "SELECT n.v FROM (" : "SELECT array_agg(n.v) AS v FROM (");
      NewValues(*allot);
      writer_ << ") AS n(v))";
      continue;
    }
    const std::string next = "nextval(" + QuoteLiteral(field.sequence) + "::regclass)" +
                             (field.type.scalar == Scalar::kInt64 ? "" : "::" + SqlType(field.type));
    if (lone) {
      writer_ << "SELECT " << next << " AS v)";
    } else {
      writer_ << "SELECT array_agg(" << next << ") AS v FROM generate_series(1, ";
      Parameter(FromCount{allot->node}, Type{.scalar = Scalar::kInt64});
      writer_ << "))";
    }
  }
  const std::vector<const Field*>& key = program_.nodes.front().model->primary_key().fields;
  for (auto step = program_.steps.rbegin(); step != program_.steps.rend(); ++step) {
    if (const auto* insert = std::get_if<plan::InsertRows>(&*step)) {
      part("i" + std::to_string(insert->node), " AS ");
      (*this)(*insert);
      if (insert->node == 0 && program_.ReturnsKeysOnly()) {
        writer_ << " RETURNING ";
        Join(writer_, key, ", ", [&](const Field* field) { writer_ << pg::QuoteIdentifier(field->column); });
      }
      writer_ << ")";
    } else if (const auto* link = std::get_if<plan::Link>(&*step)) {
      part("l" + std::to_string(link->node), " AS ");
      (*this)(*link);
      writer_ << ")";
    }
  }
  writer_ << (guarded_ ? " SELECT (SELECT v FROM named)" : " SELECT true");
  if (program_.returning) {
    for (const Field* field : key) {
      const int column = program_.nodes.front().Find(field, plan::Version::kNew);
      if (Chained(0, column) != nullptr) {
        writer_ << (of_one_ ? ", ARRAY[(SELECT v FROM " : ", (SELECT v FROM ") << KeysName({0, column}) << (of_one_ ? ")]" : ")");
      } else {
        writer_ << ", NULL";
      }
    }
  }
  if (program_.ReturnsKeysOnly()) {
    for (const Field* field : key) {
      writer_ << ", (SELECT array_agg(";
      writer_.Column("i0", field->column) << ") FROM i0)";
    }
  }
  const std::string& model = program_.nodes.front().model->name;
  return {"insert " + model + (program_.nodes.size() > 1 ? " and what hangs on it" : "") + " at once", writer_.Take(),
          std::move(sources_)};
}

// A sub-select per key: a join would let PostgreSQL read all of a table for a few of its records.
void StepRenderer::AllThere(const plan::LockRows& step) {
  const Key& key = *step.named.front().key;
  writer_ << "(SELECT bool_and(EXISTS (SELECT 1 FROM ";
  writer_.Table(*step.model, "t") << " WHERE ";
  MatchKey(key.fields);
  writer_ << ")) FROM ";
  KeySource(key.fields, [&](const Field* field) { Array(FromNamed{step.named, &key, field, -1}, field->type); });
  writer_ << ") IS NOT FALSE";
}

std::string StepRenderer::AllottedKey(const Chain::Column& keys, const std::string& position) {
  const std::string all = "(SELECT v FROM " + KeysName(keys) + ")";
  if (IsLone(keys.node)) return all;
  numbered_ = numbered_ || position == "n";
  return all + "[k." + position + "]";
}

std::string StepRenderer::AllottedParentKey(const Chain::Column& keys, int number) {
  if (!IsLone(keys.node)) AddArrayOnce(FromParentRow{number}, Type{.scalar = Scalar::kInt32}, "p");
  return AllottedKey(keys, "p");
}

std::string StepRenderer::ChainedValue(const Chain::Source& source) {
  const auto [number, column] = source.column;
  switch (source.kind) {
    case Chain::Source::Kind::kAllotted:
      return AllottedKey(source.column, "n");
    case Chain::Source::Kind::kDefault:
      return DefaultSql(*program_.nodes[number].columns[column].field);
    case Chain::Source::Kind::kParent:
      return AllottedParentKey(source.keys.front(), number);
    case Chain::Source::Kind::kRelated:
      // The record says one thing.
      if (IsLone(number) && source.keys.size() == 1) return AllottedKey(source.keys.front(), "");
      break;
  }
  std::string value = "CASE";
  for (const Chain::Column& keys : source.keys) {
    const std::string position = "r" + std::to_string(keys.node);
    AddArrayOnce(FromRelatedRow{keys.node}, Type{.scalar = Scalar::kInt32}, position);
    value += " WHEN k." + position + " IS NOT NULL THEN " + AllottedKey(keys, position);
  }
  return value + " ELSE " + KnownValue(number, column) + " END";
}

std::string StepRenderer::OwnKey(int number, const Field* field, const std::string& name) {
  const int column = program_.nodes[number].Find(field, plan::Version::kNew);
  if (const Chain::Source* source = column < 0 ? nullptr : Chained(number, column)) return ChainedValue(*source);
  AddArray(FromKey{number, field}, field->type, name);
  return "k." + name;
}

std::string StepRenderer::ParentKey(int number, const Field* field, const std::string& name) {
  const int parent = program_.nodes[number].parent;
  const int column = program_.nodes[parent].Find(field, plan::Version::kNew);
  if (column >= 0 && Chained(parent, column) != nullptr) return AllottedParentKey({parent, column}, number);
  AddArray(FromParentKey{number, field}, field->type, name);
  return "k." + name;
}

bool StepRenderer::LeftOut(int number, int column) const {
  const Chain::Source* source = Chained(number, column);
  return source != nullptr && source->kind == Chain::Source::Kind::kDefault &&
         program_.nodes[number].columns[column].field->generator == Generator::kIdentity;
}

}  // namespace rowan::sql
