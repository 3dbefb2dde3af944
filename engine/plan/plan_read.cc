#include <algorithm>
#include <utility>

#include "engine/plan/select.h"

namespace rowan::plan {
namespace {

// Makes an order total, so that pages and limits are deterministic.
std::vector<ir::Order> TotalOrder(const Model& model, std::vector<ir::Order> order) {
  for (const Field* field : model.primary_key().fields) {
    const bool present =
        std::any_of(order.begin(), order.end(), [&](const ir::Order& by) { return by.field == field; });
    if (!present) order.push_back({field, false});
  }
  return order;
}

Select PlanSelection(ir::Selection selection, int& next_number) {
  Select select{.number = next_number++, .model = selection.model, .fields = std::move(selection.fields)};
  for (ir::RelatedSelection& related : selection.related) {
    Select child = PlanSelection(std::move(related.selection), next_number);
    child.relation = related.relation;
    child.name = std::move(related.name);
    child.where = std::move(related.where);
    child.window = related.window;
    if (related.relation->to_many()) child.order = TotalOrder(*child.model, std::move(related.order));
    select.related.push_back(std::move(child));
  }
  return select;
}

}  // namespace

Select PlanRead(ir::Read read) {
  int next_number = 0;
  Select root = PlanSelection(std::move(read.selection), next_number);
  root.where = std::move(read.where);
  root.order = TotalOrder(*root.model, std::move(read.order));
  root.window = read.window;
  return root;
}

Select PlanReadByKeys(ir::Selection selection) {
  int next_number = 0;
  Select root = PlanSelection(std::move(selection), next_number);
  root.by_keys = true;
  return root;
}

}  // namespace rowan::plan
