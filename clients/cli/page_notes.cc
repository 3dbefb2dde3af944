#include "clients/cli/page_notes.h"

#include <map>
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"

namespace rowan::cli {
namespace {

// Nested lists are many; the notes of the first ones show how they look.
constexpr int kMostLists = 10;

// What the nested lists of a page have to tell.
struct NestedLists {
  std::map<std::string, int64_t> cut;  // how many were cut at their limits, by the path of their relation
  int64_t told = 0;                    // those that have totals or cursors
};

template <typename List>
void TellList(const List& list, const std::string& place, Console& console) {
  std::ostream& err = console.err;
  err << "rowan: " << Printable(place) << ": " << list.records_size()
      << (list.records_size() == 1 ? " record" : " records");
  if (list.has_total()) err << ", total " << list.total();
  if (list.has_more()) err << ", more";
  if (!list.start_cursor().empty()) err << ", start cursor " << Printable(list.start_cursor());
  if (!list.end_cursor().empty()) err << ", end cursor " << Printable(list.end_cursor());
  err << "\n";
}

// `place` is that of the record in what was printed, "[0].posts[2]"; `path` leads there through relations, "posts.".
void TellLists(const v1::Shape& shape, const v1::Record& record, const std::string& place, const std::string& path,
               Console& console, NestedLists& lists) {
  for (int i = 0; i < shape.relations_size() && i < record.related_size(); ++i) {
    const v1::ShapeRelation& relation = shape.relations(i);
    const v1::RecordList& list = record.related(i);
    const std::string here = absl::StrCat(place, ".", relation.name());
    if (list.has_more()) ++lists.cut[path + relation.name()];
    const bool tells = list.has_total() || !list.start_cursor().empty() || !list.end_cursor().empty();
    if (tells && ++lists.told <= kMostLists) TellList(list, here, console);
    for (int k = 0; k < list.records_size(); ++k) {
      TellLists(relation.shape(), list.records(k), relation.to_many() ? absl::StrCat(here, "[", k, "]") : here,
                absl::StrCat(path, relation.name(), "."), console, lists);
    }
  }
}

void TellNested(const v1::GetResponse& response, const std::string& place, Console& console) {
  NestedLists lists;
  for (int i = 0; i < response.records_size(); ++i)
    TellLists(response.shape(), response.records(i), absl::StrCat(place, "[", i, "]"), "", console, lists);
  if (lists.told > kMostLists)
    console.err << "rowan: and " << lists.told - kMostLists << " lists more with totals or cursors\n";
  for (const auto& [path, cut] : lists.cut) {
    console.err << "rowan: there are more records in " << cut << (cut == 1 ? " list" : " lists") << " of "
                << Printable(path) << "; give the relation a larger \"limit\".\n";
  }
}

}  // namespace

void TellPage(const v1::GetRequest& request, const v1::GetResponse& response, Console& console) {
  std::ostream& err = console.err;
  const v1::Page& page = request.page();
  if (response.has_more()) {
    err << "rowan: there are more records" << (page.backward() ? " before these; the last " : "; the first ")
        << response.records_size() << (response.records_size() == 1 ? " was" : " were")
        << " printed. Give a larger \"limit\", go on with --cursor"
        << (page.backward() ? " and the start cursor" : " and the end cursor") << ", or use \"rowan stream\".\n";
  }
  if (response.has_total()) {
    err << "rowan: total " << response.total() << (page.total() == v1::TOTAL_ESTIMATED ? ", estimated" : "") << "\n";
  }
  if (request.has_page() || response.has_more()) {
    if (!response.start_cursor().empty()) err << "rowan: start cursor " << Printable(response.start_cursor()) << "\n";
    if (!response.end_cursor().empty()) err << "rowan: end cursor " << Printable(response.end_cursor()) << "\n";
  }
  TellNested(response, "", console);
}

void TellOperation(const std::string& place, const v1::OperationResult& result, Console& console) {
  if (result.aggregate().has_more()) {
    console.err << "rowan: " << Printable(place) << ": " << result.aggregate().records_size() << " groups, more\n";
  }
  if (!result.has_get()) return;
  if (result.get().has_more() || result.get().has_total()) TellList(result.get(), place, console);
  TellNested(result.get(), place, console);
}

}  // namespace rowan::cli
