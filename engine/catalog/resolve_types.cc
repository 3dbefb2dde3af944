// Types: number, auto-increment, and those of the fields that foreign keys added.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "engine/catalog/field_type.h"
#include "engine/catalog/naming.h"
#include "engine/catalog/schema_draft.h"
#include "engine/types/key_types.h"

namespace rowan {
namespace {

// A field and the one that its foreign key refers to.
struct Reference {
  const ForeignKeyDraft* key;
  std::string referenced;
};

using FieldKey = std::pair<const ModelDraft*, std::string>;

class TypeResolver {
 public:
  explicit TypeResolver(Draft& draft) : draft_(draft) {
    for (const ForeignKeyDraft& key : draft.foreign_keys) {
      for (size_t i = 0; i < key.fields.size(); ++i) {
        references_[{key.holder, key.fields[i]}].push_back({&key, key.references[i]});
      }
    }
  }

  // Gives the field its type. Returns null when it has none that can be known, which is reported.
  const v1::FieldType* Resolve(ModelDraft& model, const std::string& name) {
    v1::Field& field = *model.fields.at(name);
    const FieldKey id(&model, name);
    if (done_.count(id) != 0) return field.has_type() ? &field.type() : nullptr;
    const auto references = references_.find(id);
    const bool foreign = references != references_.end();
    if (model.added.count(name) == 0) {
      done_.insert(id);
      ResolveDeclared(model, field, foreign);
      return &field.type();
    }
    if (!in_progress_.insert(id).second) {
      draft_.Invalid(model.FieldPath(name),
                     "its type is that of a key which leads back to this field: declare the field with its type");
      return nullptr;
    }
    const Reference& first = references->second.front();
    ModelDraft& target = *first.key->target;
    if (target.fields.count(first.referenced) != 0) {
      // A copy: resolving may add to the target's fields.
      if (const v1::FieldType* type = Resolve(target, first.referenced); type != nullptr)
        *field.mutable_type() = v1::FieldType(*type);
    }
    in_progress_.erase(id);
    done_.insert(id);
    return field.has_type() ? &field.type() : nullptr;
  }

  // Checks that a foreign key's fields exist at the other end and have types that may refer to it.
  void Check(const ForeignKeyDraft& key) {
    for (size_t i = 0; i < key.fields.size(); ++i) {
      const std::string& referenced = key.references[i];
      if (key.target->fields.count(referenced) == 0) {
        // A primary key that names no field is reported at its model.
        if (!key.relation->proto->references().empty() && !key.target->primary.empty()) {
          draft_.Unknown(key.relation->path + ".references", "field of " + key.target->proto->name(), referenced,
                         NamesOf(key.target->fields));
        }
        continue;
      }
      if (key.holder->fields.count(key.fields[i]) == 0) continue;
      const v1::FieldType* here = Resolve(*key.holder, key.fields[i]);
      const v1::FieldType* there = Resolve(*key.target, referenced);
      if (here == nullptr || there == nullptr || MayRefer(FieldTypeOf(*here), FieldTypeOf(*there))) continue;
      draft_.Invalid(key.holder->FieldPath(key.fields[i]) + ".type",
                     absl::StrCat("it refers to ", key.target->proto->name(), ".", referenced, " by ",
                                  key.relation->QualifiedName(), " and must have the same type: ", Text(*there),
                                  ", not ", Text(*here)));
    }
  }

 private:
  static std::string Text(const v1::FieldType& type) {
    std::string text = v1::ScalarType_Name(type.scalar());
    text = text.substr(std::string_view("SCALAR_TYPE_").size());
    for (char& c : text) c = absl::ascii_tolower(c);
    if (type.has_length()) absl::StrAppend(&text, "(", type.length(), ")");
    if (type.has_precision()) absl::StrAppend(&text, "(", type.precision(), ",", type.scale(), ")");
    if (!type.native_type().empty()) absl::StrAppend(&text, " ", Printable(type.native_type()));
    return text + (type.array() ? "[]" : "");
  }

  void ResolveDeclared(ModelDraft& model, v1::Field& field, bool foreign) {
    v1::FieldType& type = *field.mutable_type();
    if (type.scalar() == v1::SCALAR_TYPE_NUMBER) {
      type.set_scalar(foreign || model.IsPrimary(field.name()) ? v1::SCALAR_TYPE_INT64 : v1::SCALAR_TYPE_FLOAT64);
    } else if (type.scalar() == v1::SCALAR_TYPE_AUTO_INCREMENT) {
      const std::string path = model.FieldPath(field.name());
      const bool identity = field.default_().generator() == v1::DEFAULT_GENERATOR_IDENTITY;
      if (foreign) draft_.Invalid(path + ".type", "a foreign key takes its value from another row: use int64");
      if (field.has_default_() && !identity)
        draft_.Invalid(path + ".default", "an auto_increment has no other default");
      type.set_scalar(v1::SCALAR_TYPE_INT64);
      field.mutable_default_()->set_generator(v1::DEFAULT_GENERATOR_IDENTITY);
    } else if (type.scalar() == v1::SCALAR_TYPE_DECIMAL && type.has_precision()) {
      type.set_scale(type.scale());
    }
  }

  Draft& draft_;
  std::map<FieldKey, std::vector<Reference>> references_;
  std::set<FieldKey> done_;
  std::set<FieldKey> in_progress_;
};

}  // namespace

void ResolveTypes(Draft& draft) {
  TypeResolver resolver(draft);
  for (ModelDraft& model : draft.models) {
    for (auto& [name, field] : model.fields) resolver.Resolve(model, name);
  }
  for (const ForeignKeyDraft& key : draft.foreign_keys) resolver.Check(key);
}

}  // namespace rowan
