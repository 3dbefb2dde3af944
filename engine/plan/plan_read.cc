#include <algorithm>
#include <utility>

#include "engine/plan/select.h"

namespace rowan::plan {
namespace {

Select PlanSelection(ir::Selection selection, Strategy strategy, int& next_number) {
  Select select{.number = next_number++,
                .model = selection.model,
                .fields = std::move(selection.fields),
                .counts = std::move(selection.counts)};
  for (ir::RelatedSelection& related : selection.related) {
    Select child = PlanSelection(std::move(related.selection), strategy, next_number);
    child.relation = related.relation;
    child.name = std::move(related.name);
    child.where = std::move(related.where);
    child.distinct = std::move(related.distinct);
    child.order = std::move(related.order);
    child.window = std::move(related.window);
    // A list without limit is complete, so nobody goes on from its end.
    child.keyed = child.window.limit != ir::kNoSlot || child.window.offset != ir::kNoSlot ||
                  child.window.backward || !child.window.cursor.empty();
    if (strategy != Strategy::kNested) {
      for (const Field* field : LinkFields(*child.relation)) {
        if (FieldColumn(select, strategy, field) < 0) select.links.push_back(field);
      }
    }
    select.related.push_back(std::move(child));
  }
  return select;
}

// Up to so many root records are few.
constexpr int64_t kFewRecords = 4;

// Measured (docs/performance.md): for a single root nested sub-selects and tagged rows cost half of one statement per level, for
// twenty tagged rows cost least, and for hundreds levels do.
Read ChooseStrategy(const ir::Read& read) {
  Read plan;
  const auto choose = [&](Strategy strategy, std::string reason) {
    plan.strategy = strategy;
    plan.reason = std::move(reason);
  };
  if (read.strategy == ir::Strategy::kNested) {
    choose(Strategy::kNested, "the request asks for it");
  } else if (read.strategy == ir::Strategy::kByLevel) {
    choose(Strategy::kByLevel, "the request asks for it");
  } else if (read.strategy == ir::Strategy::kTagged) {
    choose(Strategy::kTagged, "the request asks for it");
  } else if (read.selection.related.empty()) {
    choose(Strategy::kNested, "nothing related is selected");
  } else if (read.by_key) {
    choose(Strategy::kNested, "the filter names one record by its key");
  } else if (read.window.rows > 0 && read.window.rows - 1 <= kFewRecords) {
    choose(Strategy::kNested, "the limit lets few records through");
  } else if (read.window.rows > 0) {
    choose(Strategy::kTagged, "the limit makes it a page");
  } else {
    choose(Strategy::kByLevel, "many records are to be expected");
  }
  return plan;
}

// The type of the single column that a relation's rows have the key of their parent in.
const Type& KeySaid(const Relation& relation) {
  if (!relation.junction) return relation.pairs.front().to->type;
  const Junction& junction = *relation.junction;
  return junction.model == nullptr ? junction.source.front().field->type : junction.source_relation->pairs.front().from->type;
}

}  // namespace

std::vector<const Field*> LinkFields(const Relation& relation) {
  std::vector<const Field*> fields;
  if (relation.junction) {
    for (const JunctionColumn& column : relation.junction->source) fields.push_back(column.field);
  } else {
    for (const ColumnPair& pair : relation.pairs) fields.push_back(pair.from);
  }
  return fields;
}

bool NamesKey(const Select& select) {
  const std::vector<const Field*> links = LinkFields(*select.relation);
  // The key that rows say and their parents' are told to be the same by their bytes.
  return !select.cut() && links.size() == 1 && HasOneForm(links.front()->type) &&
         KeySaid(*select.relation) == links.front()->type;
}

bool HasRanges(const Select& select) {
  return NamesKey(select) && LinkFields(*select.relation).front()->type.scalar != Scalar::kUuid;
}

Read PlanRead(ir::Read read) {
  Read plan = ChooseStrategy(read);
  int next_number = 0;
  plan.root = PlanSelection(std::move(read.selection), plan.strategy, next_number);
  plan.root.where = std::move(read.where);
  plan.root.distinct = std::move(read.distinct);
  plan.root.order = std::move(read.order);
  plan.root.window = std::move(read.window);
  plan.root.keyed = read.cursors;
  return plan;
}

Read PlanReadByKeys(ir::Selection selection) {
  Read plan;
  int next_number = 0;
  plan.root = PlanSelection(std::move(selection), plan.strategy, next_number);
  plan.root.by_keys = true;
  return plan;
}

LockingRead PlanLockingRead(ir::Read read) {
  LockingRead plan;
  const Model* model = read.selection.model;
  plan.records = PlanReadByKeys(std::move(read.selection));
  read.selection = {.model = model, .fields = model->primary_key().fields};
  const std::optional<ir::RowLock> lock = read.lock;
  plan.keys = PlanRead(std::move(read));
  plan.keys.root.lock = lock;
  return plan;
}

namespace {

// How many columns come before the links.
int ColumnsBeforeLinks(const Select& select, Strategy strategy) {
  int columns = static_cast<int>(select.fields.size() + select.counts.size());
  for (const Select& related : select.related) {
    if (strategy == Strategy::kNested) ++columns;
    if (related.window.total != ir::Total::kNone) ++columns;
  }
  return columns;
}

}  // namespace

int FieldColumn(const Select& select, Strategy strategy, const Field* field) {
  const auto selected = std::find(select.fields.begin(), select.fields.end(), field);
  if (selected != select.fields.end()) return static_cast<int>(selected - select.fields.begin());
  const auto link = std::find(select.links.begin(), select.links.end(), field);
  if (link == select.links.end()) return -1;
  return ColumnsBeforeLinks(select, strategy) + static_cast<int>(link - select.links.begin());
}

std::vector<int> PlaceColumns(const Select& select, Strategy strategy) {
  int next = ColumnsBeforeLinks(select, strategy) + static_cast<int>(select.links.size());
  std::vector<int> columns;
  for (const ir::Order& by : select.order) {
    const bool own = by.path.empty() && by.many == nullptr;
    const int known = own ? FieldColumn(select, strategy, by.field) : -1;
    columns.push_back(known < 0 ? next++ : known);
  }
  return columns;
}

}  // namespace rowan::plan
