#include "engine/ir/shape_key.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace rowan::ir {
namespace {

// Writes the tree in prefix form. Fields and relations are written as their positions in the model, which is known from
// the context, so the key is short; names given by the client carry their length, so that none can pass for structure.
class KeyWriter {
 public:
  // A plan holds the numbers of slots, so they are part of a shape, but not of what decides the places of records.
  explicit KeyWriter(bool with_slots = true) : with_slots_(with_slots) {}
  std::string Take() { return std::move(key_); }

  void Slot(char tag, int slot) {
    Tag(tag);
    if (with_slots_) Number(slot);
  }

  void Tag(char tag) { key_ += tag; }
  void Number(int number) {
    key_ += std::to_string(number);
    key_ += ',';
  }
  void Name(std::string_view name) {
    Number(static_cast<int>(name.size()));
    key_ += name;
  }

  void operator()(const AllOf& all) { List('&', all.predicates); }
  void operator()(const AnyOf& any) { List('|', any.predicates); }
  void operator()(const Not& negated) {
    Tag('!');
    Write(*negated.predicate);
  }
  void operator()(const Compare& compare) {
    Tag('c');
    Write(compare.left);
    Number(static_cast<int>(compare.comparison));
    if (compare.slot != kNoSlot) Slot('s', compare.slot);
    if (compare.upper != kNoSlot) Slot('u', compare.upper);
    if (compare.other != nullptr) {
      Tag('=');
      Number(compare.other->index);
    }
    if (compare.ignore_case) Tag('i');
    // What a json place is compared with decides the parameter's type.
    if (std::holds_alternative<JsonPlace>(compare.left)) Number(static_cast<int>(compare.type.scalar));
    if (compare.comparison == Comparison::kSearch) Name(compare.language);
  }
  void operator()(const NullTest& test) {
    Tag(test.is_null ? 'n' : 'N');
    Write(test.left);
  }
  void operator()(const EmptyTest& test) {
    Tag(test.is_empty ? 'e' : 'E');
    Number(test.field->index);
  }
  void operator()(const Related& related) {
    Tag('r');
    Number(related.relation->index);
    Number(static_cast<int>(related.quantifier));
    if (related.where != nullptr) Write(*related.where);
    Tag(')');
  }
  void Write(const Predicate& predicate) { std::visit(*this, predicate.node); }

  void operator()(const Field* field) { Number(field->index); }
  void operator()(const JsonPlace& place) {
    Slot('j', place.path);
    Number(place.field->index);
    Number(static_cast<int>(place.form));
  }
  void operator()(const RelatedAggregate& related) {
    Tag('a');
    Number(related.relation->index);
    Write(related.aggregate);
    if (related.where != nullptr) Write(*related.where);
    Tag(')');
  }
  void operator()(const ResultColumn& column) {
    Tag('$');
    Number(column.position);
  }
  void Write(const Operand& operand) { std::visit(*this, operand); }

  void Write(const Aggregate& aggregate) {
    Tag(aggregate.distinct ? 'F' : 'f');
    Number(static_cast<int>(aggregate.function));
    Number(aggregate.field == nullptr ? -1 : aggregate.field->index);
  }
  void Write(const std::optional<Predicate>& where) {
    if (!where) return;
    Tag('w');
    Write(*where);
  }
  void WritePath(const std::vector<const Relation*>& path) {
    for (const Relation* relation : path) {
      Tag('>');
      Number(relation->index);
    }
  }
  void Direction(bool descending, bool nulls_first) {
    Tag(descending ? 'd' : 'a');
    if (nulls_first != descending) Tag('!');
  }
  void Write(const std::vector<Order>& order) {
    for (const Order& by : order) {
      Tag('o');
      WritePath(by.path);
      if (by.many != nullptr) {
        Tag('m');
        Number(by.many->index);
        Write(by.aggregate);
      } else {
        Number(by.field->index);
      }
      Direction(by.descending, by.nulls_first);
    }
  }
  void WriteDistinct(const std::vector<const Field*>& fields) {
    for (const Field* field : fields) {
      Tag('u');
      Number(field->index);
    }
  }
  void Write(const Window& window) {
    if (window.limit != kNoSlot) Slot('L', window.limit);
    if (window.rows > 0) {
      Tag('R');
      Number(window.rows);
    }
    if (window.offset != kNoSlot) Slot('O', window.offset);
    for (int slot : window.cursor) {
      if (slot == kNoSlot) {
        Tag('n');
      } else {
        Slot('k', slot);
      }
    }
    if (window.backward) Tag('B');
    if (window.total != Total::kNone) Tag(window.total == Total::kExact ? 'T' : 'E');
  }
  void Write(const Selection& selection) {
    Tag('(');
    for (const Field* field : selection.fields) Number(field->index);
    for (const Count& count : selection.counts) {
      Tag('#');
      Number(count.relation->index);
      Name(count.name);
      Write(count.where);
    }
    for (const RelatedSelection& related : selection.related) {
      Tag('s');
      Number(related.relation->index);
      Name(related.name);
      Write(related.selection);
      Write(related.where);
      WriteDistinct(related.distinct);
      Write(related.order);
      Write(related.window);
    }
    Tag(')');
  }
  void Write(const std::vector<InputColumn>& columns) {
    for (const InputColumn& column : columns) {
      Tag(column.expected ? 'e' : column.always ? 'f' : 'm');
      Number(column.field->index);
      if (column.change != Change::kSet) Number(static_cast<int>(column.change));
    }
  }
  void Write(const KeyNode& node, char tag) {
    Tag(tag);
    Name(node.key->constraint);
    Write(node.junction);
  }
  void Write(const std::vector<KeyNode>& nodes, char tag) {
    for (const KeyNode& node : nodes) Write(node, tag);
  }
  void Write(const RecordNode& node) {
    Tag('{');
    if (node.key != nullptr) Name(node.key->constraint);
    Write(node.columns);
    Tag('j');
    Write(node.junction);
    for (const RelationWrite& write : node.relations) {
      Tag(write.always ? 'R' : 'r');
      Number(write.relation->index);
      Write(write);
    }
    Tag('}');
  }
  void Write(const std::unique_ptr<RecordNode>& node) {
    if (node != nullptr) Write(*node);
    Tag(',');
  }
  void Write(const RelationWrite& write) {
    Number(static_cast<int>(write.sharing));
    Write(write.create);
    Write(write.connect, '+');
    if (write.connect_new) {
      Tag('n');
      Write(write.connect_new->junction);
    }
    for (const ConnectOrCreate& either : write.connect_or_create) {
      Write(either.key, '?');
      Write(either.create);
    }
    for (const Disconnect& disconnect : write.disconnect) Write(disconnect.key, disconnect.strict ? '!' : '-');
    for (const DisconnectCurrent& current : write.disconnect_current) Tag(current.strict ? '9' : '0');
    if (write.set) {
      Tag('=');
      Write(write.set->keys, '=');
    }
    for (const RelatedUpdate& update : write.update) {
      Tag('u');
      Write(update.update);
      Write(update.create);
    }
    Write(write.delete_keys, 'd');
    if (write.delete_current) Tag('1');
    for (const UpdateMany& many : write.update_many) {
      Tag('U');
      Write(many.where);
      Write(many.update);
    }
    for (const DeleteMany& many : write.delete_many) {
      Tag('D');
      Write(many.where);
    }
  }
  void Write(const OnConflict& conflict) {
    Tag(conflict.keep ? 'k' : 'w');
    Name(conflict.key->constraint);
    Number(conflict.in_place);
    WriteDistinct(conflict.overwrite);
    Write(conflict.update);
    Write(conflict.where);
  }

 private:
  void List(char tag, const std::vector<Predicate>& predicates) {
    Tag(tag);
    for (const Predicate& predicate : predicates) Write(predicate);
    Tag(')');
  }

  const bool with_slots_;
  std::string key_;
};

}  // namespace

std::string ShapeKey(const Read& read) {
  KeyWriter writer;
  writer.Tag('G');
  writer.Name(read.selection.model->name);
  writer.Number(static_cast<int>(read.strategy));
  writer.Number(read.by_key ? 1 : 0);
  writer.Number(read.cursors ? 1 : 0);
  writer.Write(read.selection);
  writer.Write(read.where);
  writer.WriteDistinct(read.distinct);
  writer.Write(read.order);
  writer.Write(read.window);
  if (read.lock) {
    writer.Tag('L');
    writer.Number(static_cast<int>(read.lock->strength));
    writer.Number(static_cast<int>(read.lock->wait));
  }
  return writer.Take();
}

std::string ShapeKey(const Aggregation& aggregation) {
  KeyWriter writer;
  writer.Tag('A');
  writer.Name(aggregation.model->name);
  writer.Write(aggregation.where);
  for (const GroupKey& key : aggregation.keys) {
    writer.Tag('g');
    writer.Name(key.name);
    writer.WritePath(key.path);
    writer.Number(key.field->index);
  }
  for (const AggregateColumn& column : aggregation.columns) {
    writer.Tag('c');
    writer.Name(column.name);
    writer.Write(column.aggregate);
    writer.Write(column.where);
  }
  writer.Tag('h');
  writer.Write(aggregation.having);
  for (const ColumnOrder& by : aggregation.order) {
    writer.Number(by.position);
    writer.Direction(by.descending, by.nulls_first);
  }
  writer.Write(aggregation.window);
  return writer.Take();
}

std::string ShapeKey(const Exists& exists) {
  KeyWriter writer;
  writer.Tag('X');
  writer.Name(exists.model->name);
  writer.Write(exists.where);
  return writer.Take();
}

std::string ListIdentity(std::string_view schema_version, const Model& model, const Relation* relation,
                         const std::optional<Predicate>& where, const std::vector<const Field*>& distinct,
                         const std::vector<Order>& order, const Arguments& arguments, const ListArguments& list) {
  KeyWriter writer(/*with_slots=*/false);
  writer.Write(where);
  writer.WriteDistinct(distinct);
  writer.Write(order);
  const absl::string_view version(schema_version.data(), schema_version.size());
  const std::string of = relation == nullptr ? model.name : absl::StrCat(relation->source->name, ".", relation->name);
  std::string identity = absl::StrCat(version, ":", of, ":", writer.Take());
  for (int slot = list.first_value; slot < list.end_value; ++slot) {
    const Encoded& value = arguments.slots[slot];
    absl::StrAppend(&identity, ":", value.null ? "-" : absl::StrCat(value.bytes.size()), ":", value.bytes);
  }
  return identity;
}

std::string ShapeKey(const Mutation& mutation) {
  KeyWriter writer;
  switch (mutation.kind) {
    case MutationKind::kInsert:
      writer.Tag('I');
      break;
    case MutationKind::kUpdate:
      writer.Tag('U');
      break;
    case MutationKind::kUpsert:
      writer.Tag('P');
      break;
    case MutationKind::kDelete:
      writer.Tag('D');
      break;
  }
  writer.Name(mutation.root.model->name);
  writer.Write(mutation.root);
  writer.Write(mutation.where);
  if (mutation.expect) writer.Number(static_cast<int>(mutation.expect->bound));
  if (mutation.on_conflict) writer.Write(*mutation.on_conflict);
  for (const std::vector<int>& nodes : mutation.created) {
    writer.Tag('n');
    for (int node : nodes) writer.Number(node);
  }
  if (mutation.returning) writer.Write(*mutation.returning);
  return writer.Take();
}

}  // namespace rowan::ir
