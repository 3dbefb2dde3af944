#include "clients/cli/postgres_plan.h"

#include <cmath>
#include <ostream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "clients/cli/console.h"

namespace rowan::cli {
namespace {

// A figure with two decimals at most, and none of them zero at the end.
std::string Figure(double value) {
  std::string text = absl::StrFormat("%.2f", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string Rows(double rows) {
  return absl::StrCat(Figure(rows), rows == 1 ? " row" : " rows");
}

std::string Title(const v1::PlanNode& node) {
  std::string title = Printable(node.type());
  if (!node.table().empty()) absl::StrAppend(&title, " of ", Printable(node.table()));
  if (!node.alias().empty() && node.alias() != node.table()) absl::StrAppend(&title, " as ", Printable(node.alias()));
  if (!node.index().empty()) absl::StrAppend(&title, " by ", Printable(node.index()));
  if (!node.role().empty()) absl::StrAppend(&title, " (", Printable(node.role()), ")");
  return title;
}

std::string Figures(const v1::PlanNode& node) {
  std::string text = absl::StrCat(Rows(static_cast<double>(node.estimated_rows())), " expected");
  if (node.has_loops() && node.loops() == 0) {
    absl::StrAppend(&text, ", never executed");
  } else if (node.has_actual_rows()) {
    absl::StrAppend(&text, ", ", Figure(node.actual_rows()), " found");
    if (node.loops() > 1) absl::StrAppend(&text, " × ", node.loops(), " loops");
  }
  if (node.has_milliseconds() && node.loops() != 0) absl::StrAppend(&text, ", ", Figure(node.milliseconds()), " ms");
  return absl::StrCat(text, ", cost ", Figure(node.total_cost()));
}

document::Node Number(double value) {
  return std::isfinite(value) ? document::Number(absl::StrFormat("%.15g", value)) : document::Null();
}

}  // namespace

void PrintPlan(const v1::PlanNode& node, int indent, std::ostream& out) {
  const std::string blanks(indent, ' ');
  out << blanks << Title(node) << ": " << Figures(node) << '\n';
  std::string conditions = Printable(absl::StrJoin(node.conditions(), " and "));
  if (!conditions.empty()) conditions.insert(0, "where ");
  if (node.has_removed_rows())
    absl::StrAppend(&conditions, conditions.empty() ? "" : ", ", Rows(node.removed_rows()), " removed");
  if (!conditions.empty()) out << blanks << "  " << conditions << '\n';
  for (const v1::PlanNode& child : node.children()) PrintPlan(child, indent + 2, out);
}

document::Node PlanDocument(const v1::PlanNode& node) {
  document::Node object = document::Object();
  const std::pair<const char*, const std::string&> texts[] = {{"type", node.type()},
                                                              {"table", node.table()},
                                                              {"alias", node.alias()},
                                                              {"index", node.index()},
                                                              {"role", node.role()}};
  for (const auto& [name, text] : texts) {
    if (!text.empty()) object.Add(name, document::Text(text));
  }
  if (!node.conditions().empty()) {
    document::Node& conditions = object.Add("conditions", document::List());
    for (const std::string& condition : node.conditions()) conditions.items.push_back(document::Text(condition));
  }
  object.Add("total_cost", Number(node.total_cost()));
  object.Add("estimated_rows", document::Number(node.estimated_rows()));
  if (node.has_actual_rows()) object.Add("actual_rows", Number(node.actual_rows()));
  if (node.has_loops()) object.Add("loops", document::Number(node.loops()));
  if (node.has_milliseconds()) object.Add("milliseconds", Number(node.milliseconds()));
  if (node.has_removed_rows()) object.Add("removed_rows", Number(node.removed_rows()));
  if (node.children().empty()) return object;
  document::Node& children = object.Add("children", document::List());
  for (const v1::PlanNode& child : node.children()) children.items.push_back(PlanDocument(child));
  return object;
}

}  // namespace rowan::cli
