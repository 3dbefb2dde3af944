#include "clients/document/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "clients/document/parse_document.h"
#include "clients/document/timestamp.h"
#include "clients/document/write_document.h"
#include "engine/base/errors.h"
#include "rowan/v1/value.pb.h"

namespace rowan::document {
namespace {

absl::StatusOr<v1::Value> Read(std::string_view json) {
  const absl::StatusOr<Node> node = ParseJson(json);
  if (!node.ok()) return node.status();
  v1::Value value;
  const absl::Status status = ReadValue(*node, Path("value"), value);
  if (!status.ok()) return status;
  return value;
}

TEST(ReadValue, TakesWhatIsNotANumber) {
  EXPECT_TRUE(std::isnan(Read(R"({"$double": "NaN"})")->double_value()));
  EXPECT_EQ(Read(R"({"$decimal": "NaN"})")->decimal_value(), "NaN");
  EXPECT_EQ(Read(R"({"$decimal": "-Infinity"})")->decimal_value(), "-Infinity");
  EXPECT_EQ(Read(R"({"$decimal": ".5"})")->decimal_value(), "0.5");
  EXPECT_EQ(Read(R"({"$decimal": "+5."})")->decimal_value(), "5.0");
  EXPECT_EQ(Read(R"({"$double": 5})")->double_value(), 5.0);
  EXPECT_EQ(Read(R"({"$int": -7})")->int_value(), -7);
}

class MalformedTest : public testing::TestWithParam<const char*> {};

TEST_P(MalformedTest, IsRefusedWithItsPath) {
  const absl::StatusOr<v1::Value> value = Read(GetParam());
  ASSERT_FALSE(value.ok()) << value->DebugString();
  EXPECT_EQ(ErrorReasonOf(value.status()), "DOCUMENT_INVALID");
  EXPECT_EQ(ErrorMetadataOf(value.status())["path"].substr(0, 5), "value");
}

INSTANTIATE_TEST_SUITE_P(
    All, MalformedTest,
    testing::Values(R"({"$bytes": "A"})", R"({"$bytes": "AQ ID"})", R"({"$bytes": 5})", R"({"$double": "1e400"})",
                    R"({"$double": "inf"})", R"({"$double": true})", R"({"$double": ""})", R"({"$int": "1.0"})",
                    R"({"$int": 1.5})", R"({"$int": ""})", R"({"$int": [1]})", R"({"$decimal": "0x10"})",
                    R"({"$decimal": ""})", R"({"$decimal": "1e999999"})", R"({"$decimal": "1e-20000"})",
                    R"({"$decimal": null})", R"({"$array": 5})", R"({"$array": [{"$array": []}]})", R"({"$text": 5})",
                    R"({"$uuid": null})", R"({"$": 1})", R"({"$timestamp": "2024-13-01T00:00:00Z"})",
                    R"({"$timestamp": "2024-01-01T24:00:00Z"})", R"({"$timestamp": "2024-01-01T00:00:60Z"})",
                    R"({"$timestamp": "2024-01-01T00:00:00.Z"})",
                    R"({"$timestamp": "2024-01-01T00:00:00.0000000001Z"})",
                    R"({"$timestamp": "2024-01-01T00:00:00+24:00"})", R"({"$timestamp": 5})", "1e-20000"));

TEST(PlainDecimal, MovesThePoint) {
  const std::pair<const char*, const char*> rows[] = {
      {"1.50", "1.50"}, {"1e3", "1000"},      {"1.5e1", "15"},  {"1.50E+1", "15.0"},  {"-2.5e-3", "-0.0025"},
      {"0e5", "0"},     {"0.001e3", "1"},     {"-0.0", "-0.0"}, {"12.34e1", "123.4"}, {"12.34e-1", "1.234"},
      {"1e0", "1"},     {"0.10e-1", "0.010"}, {"7e-1", "0.7"}};
  for (const auto& [from, to] : rows) EXPECT_EQ(PlainDecimal(from).value_or("?"), to) << from;
  EXPECT_EQ(PlainDecimal("1e131071").value_or("").size(), 131072u);
  EXPECT_FALSE(PlainDecimal("1e131072").has_value());
  EXPECT_FALSE(PlainDecimal("1e99999999999999999999").has_value());
}

TEST(Instant, RoundTripsOverPostgresRange) {
  const std::pair<const char*, const char*> rows[] = {
      {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
      {"2024-05-01 14:00:00.1+02:00", "2024-05-01T12:00:00.100000Z"},
      {"1969-12-31t23:59:59.999999z", "1969-12-31T23:59:59.999999Z"},
      {"294276-12-31T23:59:59.999999Z", "294276-12-31T23:59:59.999999Z"},
      {"4713-01-01T00:00:00Z BC", "4713-01-01T00:00:00Z BC"},
      {"0001-01-01T00:00:00+01:00", "0001-12-31T23:00:00Z BC"},
      {"2000-02-29T00:00:00-23:59", "2000-02-29T23:59:00Z"},
  };
  for (const auto& [from, to] : rows) {
    Instant instant;
    ASSERT_TRUE(ReadInstant(from, instant)) << from;
    EXPECT_EQ(WriteInstant(instant), to);
  }
  Instant instant;
  for (const char* bad : {"", "now", "1900-02-29T00:00:00Z", "2024-05-01", "2024-05-01T12:00Z", "24-05-01T12:00:00Z",
                          "2024-05-01T12:00:00Z AD", "2024-05-01T12:00:00+2:00", "2024-05-32T12:00:00Z"}) {
    EXPECT_FALSE(ReadInstant(bad, instant)) << bad;
  }
}

TEST(ShowValue, WritesDoublesWithTheirShortestDigits) {
  const auto show = [](double number) {
    v1::Value value;
    value.set_double_value(number);
    return ToJsonLine(ShowValue(value));
  };
  EXPECT_EQ(show(0.1), "0.1");
  EXPECT_EQ(show(1), "1.0");
  EXPECT_EQ(show(-0.0), "-0.0");
  EXPECT_EQ(show(1e300), "1e+300");
  EXPECT_EQ(show(std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(show(-std::numeric_limits<double>::infinity()), "\"-Infinity\"");
}

TEST(ShowValue, KeepsTheDigitsInsideJson) {
  v1::Value value;
  value.set_json_value("{\"a\": 1.10, \"b\": 123456789012345678901234567890}");
  EXPECT_EQ(ToJsonLine(ShowValue(value)), "{\"a\":1.10,\"b\":123456789012345678901234567890}");
  value.set_json_value("not json");
  EXPECT_EQ(ToJsonLine(ShowValue(value)), "\"not json\"");
}

TEST(ShowValue, TakesAValueWithoutAKindForNull) {
  EXPECT_EQ(ToJsonLine(ShowValue(v1::Value())), "null");
}

}  // namespace
}  // namespace rowan::document
