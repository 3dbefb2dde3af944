#include "engine/ir/shape_key.h"

#include <utility>

namespace rowan::ir {
namespace {

// Writes the tree in prefix form. Fields and relations are written as their positions in the model, which is known from
// the context, so the key is short; names given by the client carry their length, so that none can pass for structure.
class KeyWriter {
 public:
  std::string Take() { return std::move(key_); }

  void Tag(char tag) { key_ += tag; }
  void Number(int number) {
    key_ += std::to_string(number);
    key_ += ',';
  }
  void Name(const std::string& name) {
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
    Number(compare.field->index);
    Number(static_cast<int>(compare.comparison));
  }
  void operator()(const NullTest& test) {
    Tag(test.is_null ? 'n' : 'N');
    Number(test.field->index);
  }
  void operator()(const Related& related) {
    Tag('r');
    Number(related.relation->index);
    if (related.where != nullptr) Write(*related.where);
    Tag(')');
  }
  void Write(const Predicate& predicate) { std::visit(*this, predicate.node); }

  void Write(const std::optional<Predicate>& where) {
    if (!where) return;
    Tag('w');
    Write(*where);
  }
  void Write(const std::vector<Order>& order) {
    for (const Order& by : order) {
      Tag(by.descending ? 'd' : 'a');
      Number(by.field->index);
    }
  }
  void Write(const Window& window) {
    if (window.limit != kNoSlot) Tag('l');
    if (window.offset != kNoSlot) Tag('o');
  }
  void Write(const Selection& selection) {
    Tag('(');
    for (const Field* field : selection.fields) Number(field->index);
    for (const RelatedSelection& related : selection.related) {
      Tag('s');
      Number(related.relation->index);
      Name(related.name);
      Write(related.selection);
      Write(related.where);
      Write(related.order);
      Write(related.window);
    }
    Tag(')');
  }
  void Write(const std::vector<KeyNode>& nodes, char tag) {
    for (const KeyNode& node : nodes) {
      Tag(tag);
      Name(node.key->constraint);
    }
  }
  void Write(const CreateNode& node) {
    Tag('{');
    for (const InputColumn& column : node.columns) {
      Tag(column.always ? 'f' : 'm');
      Number(column.field->index);
    }
    for (const RelationWrite& write : node.relations) {
      Tag(write.always ? 'R' : 'r');
      Number(write.relation->index);
      Write(write.disconnect, '-');
      if (write.disconnect_current) Tag('0');
      Write(write.connect, '+');
      if (write.create != nullptr) Write(*write.create);
    }
    Tag('}');
  }

 private:
  void List(char tag, const std::vector<Predicate>& predicates) {
    Tag(tag);
    for (const Predicate& predicate : predicates) Write(predicate);
    Tag(')');
  }

  std::string key_;
};

}  // namespace

std::string ShapeKey(const Read& read) {
  KeyWriter writer;
  writer.Tag('G');
  writer.Name(read.selection.model->name);
  writer.Write(read.selection);
  writer.Write(read.where);
  writer.Write(read.order);
  writer.Write(read.window);
  return writer.Take();
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
    case MutationKind::kDelete:
      writer.Tag('D');
      break;
  }
  writer.Name(mutation.root.model->name);
  writer.Write(mutation.root);
  writer.Write(mutation.where);
  if (mutation.returning) writer.Write(*mutation.returning);
  return writer.Take();
}

}  // namespace rowan::ir
