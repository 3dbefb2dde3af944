#include "clients/document/typed_value.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "clients/document/parse_document.h"
#include "clients/document/write_document.h"
#include "rowan/v1/schema.pb.h"
#include "rowan/v1/value.pb.h"

namespace rowan::document {
namespace {

v1::FieldType TypeOf(v1::ScalarType scalar, bool array = false) {
  v1::FieldType type;
  type.set_scalar(scalar);
  type.set_array(array);
  return type;
}

v1::Value FromText(const std::string& text) {
  v1::Value value;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &value)) << text;
  return value;
}

struct Case {
  v1::FieldType type;
  std::string text;
  std::string value;
};

TEST(CellTest, StandsForAValueOfItsType) {
  for (const Case& c : std::vector<Case>{
           {TypeOf(v1::SCALAR_TYPE_INT16), "-7", "int_value: -7"},
           {TypeOf(v1::SCALAR_TYPE_INT64), "9223372036854775807", "int_value: 9223372036854775807"},
           {TypeOf(v1::SCALAR_TYPE_FLOAT64), "0.1", "double_value: 0.1"},
           {TypeOf(v1::SCALAR_TYPE_FLOAT32), "-Infinity", "double_value: -inf"},
           {TypeOf(v1::SCALAR_TYPE_DECIMAL), "-12.3400", "text_value: '-12.3400'"},
           {TypeOf(v1::SCALAR_TYPE_BOOL), "true", "bool_value: true"},
           {TypeOf(v1::SCALAR_TYPE_BOOL), "false", "bool_value: false"},
           {TypeOf(v1::SCALAR_TYPE_STRING), "", "text_value: ''"},
           {TypeOf(v1::SCALAR_TYPE_TEXT), "null", "text_value: 'null'"},
           {TypeOf(v1::SCALAR_TYPE_BYTES), "AP8=", "bytes_value: '\\000\\377'"},
           {TypeOf(v1::SCALAR_TYPE_TIMESTAMP), "1970-01-01T00:00:01.5Z",
            "timestamp_value {seconds: 1 nanos: 500000000}"},
           {TypeOf(v1::SCALAR_TYPE_TIMESTAMP), "infinity", "text_value: 'infinity'"},
           {TypeOf(v1::SCALAR_TYPE_JSON), "{\"a\": 1}", "json_value: '{\"a\": 1}'"},
           {TypeOf(v1::SCALAR_TYPE_JSON), "null", "json_value: 'null'"},
           {TypeOf(v1::SCALAR_TYPE_INT64, true), "[1, null]",
            "array_value {values {int_value: 1} values {null_value: NULL_VALUE}}"},
           {TypeOf(v1::SCALAR_TYPE_BYTES, true), "[\"AA==\"]", "array_value {values {bytes_value: '\\000'}}"},
           {TypeOf(v1::SCALAR_TYPE_TEXT, true), "[]", "array_value {}"},
           // What is nothing of the type is the server's to refuse.
           {TypeOf(v1::SCALAR_TYPE_INT64), "seven", "text_value: 'seven'"},
           {TypeOf(v1::SCALAR_TYPE_INT64), "9223372036854775808", "text_value: '9223372036854775808'"},
           {TypeOf(v1::SCALAR_TYPE_FLOAT64), "1,5", "text_value: '1,5'"},
           {TypeOf(v1::SCALAR_TYPE_BOOL), "yes", "text_value: 'yes'"},
           {TypeOf(v1::SCALAR_TYPE_BYTES), "not base64", "text_value: 'not base64'"},
           {TypeOf(v1::SCALAR_TYPE_TIMESTAMP), "today", "text_value: 'today'"},
           {TypeOf(v1::SCALAR_TYPE_INT64, true), "{1,2}", "text_value: '{1,2}'"},
           {TypeOf(v1::SCALAR_TYPE_INT64, true), "[\"1\"]", "array_value {values {text_value: '1'}}"},
       }) {
    v1::Value value;
    ReadCell(c.type, c.text, value);
    EXPECT_EQ(value.ShortDebugString(), FromText(c.value).ShortDebugString()) << c.text;
  }
  v1::Value null;
  ReadCell(TypeOf(v1::SCALAR_TYPE_TEXT), std::nullopt, null);
  EXPECT_TRUE(null.has_null_value());
  EXPECT_EQ(ShowCell(null), std::nullopt);
}

TEST(TypedTest, StandsForAValueOfItsType) {
  for (const Case& c : std::vector<Case>{
           {TypeOf(v1::SCALAR_TYPE_INT64), "7", "int_value: 7"},
           {TypeOf(v1::SCALAR_TYPE_FLOAT64), "7", "double_value: 7"},
           {TypeOf(v1::SCALAR_TYPE_FLOAT64), "\"NaN\"", "double_value: nan"},
           {TypeOf(v1::SCALAR_TYPE_BYTES), "\"AP8=\"", "bytes_value: '\\000\\377'"},
           {TypeOf(v1::SCALAR_TYPE_BYTES), "{\"$bytes\": \"AP8=\"}", "bytes_value: '\\000\\377'"},
           {TypeOf(v1::SCALAR_TYPE_TEXT), "\"AP8=\"", "text_value: 'AP8='"},
           {TypeOf(v1::SCALAR_TYPE_JSON), "{\"a\": [1]}", "json_value: '{\"a\":[1]}'"},
           {TypeOf(v1::SCALAR_TYPE_JSON), "\"text\"", "json_value: '\"text\"'"},
           {TypeOf(v1::SCALAR_TYPE_JSON), "null", "null_value: NULL_VALUE"},
           {TypeOf(v1::SCALAR_TYPE_JSON), "{\"$json\": null}", "json_value: 'null'"},
           {TypeOf(v1::SCALAR_TYPE_JSON), "{\"$other\": null}", "json_value: '{\"$other\":null}'"},
           {TypeOf(v1::SCALAR_TYPE_TEXT, true), "[\"a\", null]",
            "array_value {values {text_value: 'a'} values {null_value: NULL_VALUE}}"},
           // What is nothing of the type is the server's to refuse.
           {TypeOf(v1::SCALAR_TYPE_INT64), "\"7\"", "text_value: '7'"},
           {TypeOf(v1::SCALAR_TYPE_INT64), "true", "bool_value: true"},
           {TypeOf(v1::SCALAR_TYPE_TEXT), "{\"a\": 1}", "json_value: '{\"a\":1}'"},
           {TypeOf(v1::SCALAR_TYPE_TEXT), "{\"$wrong\": 1}", "text_value: '{\"$wrong\":1}'"},
           {TypeOf(v1::SCALAR_TYPE_BYTES), "\"not base64\"", "text_value: 'not base64'"},
           {TypeOf(v1::SCALAR_TYPE_INT64, true), "[[1]]", "array_value {values {array_value {values {int_value: 1}}}}"},
       }) {
    const absl::StatusOr<Node> node = ParseJson(c.text);
    ASSERT_TRUE(node.ok());
    v1::Value value;
    ReadTyped(c.type, *node, value);
    EXPECT_EQ(value.ShortDebugString(), FromText(c.value).ShortDebugString()) << c.text;
  }
}

TEST(TypedTest, IsReadBackAsItWas) {
  const std::pair<v1::FieldType, const char*> values[] = {
      {TypeOf(v1::SCALAR_TYPE_INT64), "int_value: -9223372036854775808"},
      {TypeOf(v1::SCALAR_TYPE_FLOAT64), "double_value: 0.1"},
      {TypeOf(v1::SCALAR_TYPE_FLOAT64), "double_value: -0.0"},
      {TypeOf(v1::SCALAR_TYPE_FLOAT64), "double_value: 1e300"},
      {TypeOf(v1::SCALAR_TYPE_FLOAT64), "double_value: inf"},
      {TypeOf(v1::SCALAR_TYPE_BOOL), "bool_value: false"},
      {TypeOf(v1::SCALAR_TYPE_TEXT), "text_value: 'a\\n\\\"b'"},
      {TypeOf(v1::SCALAR_TYPE_TEXT), "text_value: ''"},
      {TypeOf(v1::SCALAR_TYPE_BYTES), "bytes_value: ''"},
      {TypeOf(v1::SCALAR_TYPE_BYTES), "bytes_value: '\\000\\377'"},
      {TypeOf(v1::SCALAR_TYPE_TIMESTAMP), "timestamp_value {seconds: -62135596800 nanos: 1000}"},
      {TypeOf(v1::SCALAR_TYPE_LOCAL_TIMESTAMP), "timestamp_value {seconds: -62135596800 nanos: 1000}"},
      {TypeOf(v1::SCALAR_TYPE_JSON), "json_value: 'null'"},
      {TypeOf(v1::SCALAR_TYPE_JSON), "json_value: '{\"$json\":1}'"},
      {TypeOf(v1::SCALAR_TYPE_JSON), "json_value: '\"a\"'"},
      {TypeOf(v1::SCALAR_TYPE_JSON), "json_value: '[1.50,{\"a\":null}]'"},
      {TypeOf(v1::SCALAR_TYPE_JSON, true), "array_value {values {json_value: 'null'} values {null_value: NULL_VALUE}}"},
      {TypeOf(v1::SCALAR_TYPE_FLOAT32, true), "array_value {values {double_value: nan} values {double_value: 2}}"},
      {TypeOf(v1::SCALAR_TYPE_TEXT, true), "array_value {}"},
      {TypeOf(v1::SCALAR_TYPE_TEXT), "null_value: NULL_VALUE"},
  };
  for (const auto& [type, text] : values) {
    const v1::Value value = FromText(text);
    v1::Value from_node;
    const absl::StatusOr<Node> node = ParseJson(ToJsonLine(ShowTyped(value)));
    ASSERT_TRUE(node.ok());
    ReadTyped(type, *node, from_node);
    EXPECT_EQ(from_node.ShortDebugString(), value.ShortDebugString());
    v1::Value from_cell;
    ReadCell(type, ShowCell(value), from_cell);
    EXPECT_EQ(from_cell.ShortDebugString(), value.ShortDebugString());
  }
}

}  // namespace
}  // namespace rowan::document
