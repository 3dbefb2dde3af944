#include "clients/cli/csv.h"

#include <gtest/gtest.h>

#include <sstream>

namespace rowan::cli {
namespace {

using Record = std::vector<Cell>;

// The records of a text and the lines they begin on, or the error at the end.
struct Parsed {
  std::vector<Record> records;
  std::vector<int64_t> lines;
  std::string error;
};

Parsed Parse(const std::string& text) {
  std::istringstream in(text);
  CsvReader reader(in);
  Parsed parsed;
  for (Record record;;) {
    const absl::StatusOr<bool> more = reader.Next(record);
    if (!more.ok()) parsed.error = std::string(more.status().message());
    if (!more.ok() || !*more) return parsed;
    parsed.records.push_back(record);
    parsed.lines.push_back(reader.line());
  }
}

const Cell kNull = std::nullopt;

TEST(CsvTest, ReadsRecords) {
  struct Case {
    std::string text;
    std::vector<Record> records;
  };
  for (const Case& c : std::vector<Case>{
           {"", {}},
           {"a,b\nc,d\n", {{"a", "b"}, {"c", "d"}}},
           {"a,b\r\nc,d", {{"a", "b"}, {"c", "d"}}},
           {",\"\",\n", {{kNull, "", kNull}}},
           {"\n\n", {{kNull}, {kNull}}},
           {"\"\"", {{""}}},
           {"\"a,b\",\"c\"\"d\",\"e\nf\"\n", {{"a,b", "c\"d", "e\nf"}}},
           {"\"a\r\nb\"\r\n", {{"a\r\nb"}}},
           {"a\rb,c\n", {{"a\rb", "c"}}},
           {" a , b \n", {{" a ", " b "}}},
           {"\xef\xbb\xbf"
            "a\n\xef\xbb\xbf"
            "b",
            {{"a"},
             {"\xef\xbb\xbf"
              "b"}}},
           {std::string("a\0b,c\n", 6), {{std::string("a\0b", 3), "c"}}},
           {"a,b\nc\n", {{"a", "b"}, {"c"}}},
       }) {
    const Parsed parsed = Parse(c.text);
    EXPECT_EQ(parsed.error, "") << c.text;
    EXPECT_EQ(parsed.records, c.records) << c.text;
  }
}

TEST(CsvTest, CountsLines) {
  const Parsed parsed = Parse("a\n\"b\nb\nb\"\n\nc\r\nd");
  EXPECT_EQ(parsed.lines, (std::vector<int64_t>{1, 2, 5, 6, 7}));
}

TEST(CsvTest, RefusesMisplacedQuotes) {
  const std::pair<const char*, const char*> cases[] = {
      {"a,b\n\"c,d\n", "line 2: a quoted cell begins here and does not end"},
      {"a\n\"", "line 2: a quoted cell begins here and does not end"},
      {"a\nb,\"c\nd\" ,e\n", "line 3: text follows the closing quote of a cell; a quote within a cell is doubled"},
      {"\"a\"\"", "line 1: a quoted cell begins here and does not end"},
      {"\"a\"b\n", "line 1: text follows the closing quote of a cell; a quote within a cell is doubled"},
      {"a\"b\n", "line 1: a quote stands within a cell that does not begin with one"},
      {" \"a\"\n", "line 1: a quote stands within a cell that does not begin with one"},
  };
  for (const auto& [text, error] : cases) EXPECT_EQ(Parse(text).error, error) << text;
}

TEST(CsvTest, ReadsCellsThatAreLongerThanItsBuffer) {
  const std::string text(200'000, 'x');
  const Parsed parsed = Parse(text + ",\"" + text + "\n\"\"\"\n" + text);
  EXPECT_EQ(parsed.records, (std::vector<Record>{{text, text + "\n\""}, {text}}));
}

TEST(CsvTest, WritesWhatItReads) {
  const std::vector<Record> records = {
      {"a", kNull, "", " ", "a,b", "a\"b", "\"", "a\nb", "a\r\nb", "\r", "\\N", "null"},
      {"\xef\xbb\xbf"
       "mark",
       "x"},
      {kNull},
      {""},
      {kNull, kNull},
  };
  std::string text;
  for (const Record& record : records) AppendCsv(record, text);
  EXPECT_EQ(Parse(text).records, records);
  std::string plain;
  AppendCsv({"a", kNull, "", "b c"}, plain);
  EXPECT_EQ(plain, "a,,\"\",b c\n");
}

}  // namespace
}  // namespace rowan::cli
