#include <algorithm>
#include <functional>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "clients/cli/console.h"
#include "clients/cli/schema_graph.h"
#include "clients/cli/table.h"

namespace rowan::cli {
namespace {

// In pixels, for a monospaced font of 12.
constexpr int kCharacter = 8;
constexpr int kRow = 18;
constexpr int kPadding = 8;
constexpr int kColumnGap = 140;
constexpr int kRowGap = 40;
constexpr int kMargin = 20;

struct Rectangle {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

std::string Escaped(const std::string& text) {
  return absl::StrReplaceAll(Printable(text), {{"&", "&amp;"},
                                               {"<", "&lt;"},
                                               {">", "&gt;"},
                                               {"\"", "&quot;"},
                                               {"'", "&apos;"},
                                               {"\uFFFE", "\uFFFD"},
                                               {"\uFFFF", "\uFFFD"}});
}

std::vector<std::string> RowsOf(const GraphBox& box) {
  std::vector<std::string> rows = {box.model, box.table};
  for (const GraphField& field : box.fields) {
    const char* mark = field.primary && field.foreign ? "PK FK " : field.primary ? "PK " : "FK ";
    rows.push_back(absl::StrCat(mark, field.name, " ", field.type));
  }
  return rows;
}

// The column of each model: one to the right of all that it refers to, circles aside.
std::map<std::string, int> ColumnsOf(const Graph& graph) {
  std::map<std::string, std::vector<std::string>> targets;
  for (const GraphEdge& edge : graph.edges) targets[edge.from].push_back(edge.to);
  std::map<std::string, int> columns;
  // Depth first with a stack of its own, since a chain may be as long as there are models. -1: on the way to it.
  struct Visit {
    std::string model;
    size_t next = 0;
    int column = 0;
  };
  for (const GraphBox& box : graph.boxes) {
    if (columns.contains(box.model)) continue;
    std::vector<Visit> open = {{box.model}};
    columns[box.model] = -1;
    while (!open.empty()) {
      Visit& visit = open.back();
      const std::vector<std::string>& below = targets[visit.model];
      if (visit.next == below.size()) {
        columns[visit.model] = visit.column;
        open.pop_back();
        continue;
      }
      const std::string& target = below[visit.next];
      const auto known = columns.find(target);
      if (known == columns.end()) {
        columns[target] = -1;
        open.push_back({target});
      } else {
        visit.column = std::max(visit.column, known->second + 1);
        ++visit.next;
      }
    }
  }
  return columns;
}

std::map<std::string, Rectangle> Place(const Graph& graph, int& width, int& height) {
  const std::map<std::string, int> columns = ColumnsOf(graph);
  std::map<int, std::vector<const GraphBox*>> by_column;
  for (const GraphBox& box : graph.boxes) by_column[columns.at(box.model)].push_back(&box);
  std::map<std::string, Rectangle> places;
  int x = kMargin;
  for (const auto& [column, boxes] : by_column) {
    int y = kMargin;
    int widest = 0;
    for (const GraphBox* box : boxes) {
      const std::vector<std::string> rows = RowsOf(*box);
      Rectangle& place = places[box->model];
      for (const std::string& row : rows)
        place.width = std::max(place.width, WidthOf(Printable(row)) * kCharacter + 2 * kPadding);
      place.height = static_cast<int>(rows.size()) * kRow + kPadding;
      place.x = x;
      place.y = y;
      y += place.height + kRowGap;
      widest = std::max(widest, place.width);
    }
    height = std::max(height, y - kRowGap + kMargin);
    x += widest + kColumnGap;
  }
  width = std::max(x, 2 * kMargin);
  height = std::max(height, 2 * kMargin);
  return places;
}

const char* Sign(Cardinality cardinality) {
  switch (cardinality) {
    case Cardinality::kOne:
      return "1";
    case Cardinality::kZeroOrOne:
      return "0..1";
    case Cardinality::kMany:
      return "*";
  }
  return "";
}

void AppendText(int x, int y, const char* style, const std::string& text, std::string& out) {
  absl::StrAppend(&out, "  <text x=\"", x, "\" y=\"", y, "\" class=\"", style, "\">", Escaped(text), "</text>\n");
}

void AppendBox(const GraphBox& box, const Rectangle& place, std::string& out) {
  absl::StrAppend(&out, "  <rect x=\"", place.x, "\" y=\"", place.y, "\" width=\"", place.width, "\" height=\"",
                  place.height, "\" rx=\"4\"/>\n");
  int y = place.y;
  const std::vector<std::string> rows = RowsOf(box);
  for (size_t i = 0; i < rows.size(); ++i) {
    y += kRow;
    AppendText(place.x + kPadding, y, i == 0 ? "model" : i == 1 ? "table" : "field", rows[i], out);
  }
}

// A curve that leaves and meets the boxes sideways; around the right side from a column to itself.
void AppendEdge(const GraphEdge& edge, const Rectangle& from, const Rectangle& to, int turn, std::string& out) {
  const bool loops = from.x == to.x;
  const bool leftwards = to.x < from.x;
  const int start = loops || !leftwards ? from.x + from.width : from.x;
  const int end = loops || leftwards ? to.x + to.width : to.x;
  // Several edges between the same boxes stand below each other.
  const int from_y = from.y + std::min(kRow * (1 + turn), from.height - kPadding);
  const int to_y = to.y + std::min(kRow * (1 + turn) + (loops && from.y == to.y ? kRow : 0), to.height);
  const int bend = kColumnGap / 2;
  const int start_bend = start + (loops || !leftwards ? bend : -bend);
  const int end_bend = end + (loops || leftwards ? bend : -bend);
  absl::StrAppend(&out, "  <path d=\"M ", start, " ", from_y, " C ", start_bend, " ", from_y, ", ", end_bend, " ", to_y,
                  ", ", end, " ", to_y, "\"/>\n");
  AppendText((start + end) / 2 + (loops ? bend / 2 : -bend / 2), (from_y + to_y) / 2 - 4, "edge",
             absl::StrCat(edge.name, " ", Sign(edge.at_from), ":", Sign(edge.at_to)), out);
}

}  // namespace

std::string SvgOf(const Graph& graph) {
  int width = 0;
  int height = 0;
  const std::map<std::string, Rectangle> places = Place(graph, width, height);
  std::string out =
      absl::StrCat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"",
                   width, "\" height=\"", height, "\" viewBox=\"0 0 ", width, " ", height, "\">\n");
  out +=
      "  <style>text { font: 12px monospace; fill: #222 } .model { font-weight: bold } .table, .edge { fill: #666 } "
      ".edge { font-size: 11px } rect { fill: #f6f8fa; stroke: #57606a } path { fill: none; stroke: #57606a "
      "}</style>\n";
  std::map<std::pair<std::string, std::string>, int> turns;
  for (const GraphEdge& edge : graph.edges) {
    const auto from = places.find(edge.from);
    const auto to = places.find(edge.to);
    if (from == places.end() || to == places.end()) continue;
    AppendEdge(edge, from->second, to->second, turns[std::minmax(edge.from, edge.to)]++, out);
  }
  for (const GraphBox& box : graph.boxes) AppendBox(box, places.at(box.model), out);
  return out + "</svg>\n";
}

}  // namespace rowan::cli
