#include "engine/types/decimal.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace rowan {
namespace {

std::string RoundTrip(const std::string& text) {
  const auto decimal = ParseDecimal(text);
  if (!decimal) return "no number";
  return DecodeDecimal(EncodeDecimal(*decimal)).value_or("not decodable");
}

TEST(DecimalTest, KeepsEveryDigit) {
  struct Case {
    const char* text;
    const char* back;
  };
  for (const Case& c : {Case{"0", "0"},
                        Case{"-0", "0"},
                        Case{"0.00", "0.00"},
                        Case{"-0.000", "0.000"},
                        Case{"+7", "7"},
                        Case{"007.10", "7.10"},
                        Case{".5", "0.5"},
                        Case{"5.", "5"},
                        Case{"-12.3400", "-12.3400"},
                        Case{"10000", "10000"},
                        Case{"9999", "9999"},
                        Case{"99999.0001", "99999.0001"},
                        Case{"0.0001", "0.0001"},
                        Case{"0.00010", "0.00010"},
                        Case{"0.00001", "0.00001"},
                        Case{"100000000", "100000000"},
                        Case{"1e6", "1000000"},
                        Case{"1.5E+3", "1500"},
                        Case{"1e-3", "0.001"},
                        Case{"12.5e-1", "1.25"},
                        Case{"NaN", "NaN"},
                        Case{"Infinity", "Infinity"},
                        Case{"-Infinity", "-Infinity"},
                        Case{"+Infinity", "Infinity"},
                        Case{"123456789012345678901234567890.123456789", "123456789012345678901234567890.123456789"}}) {
    EXPECT_EQ(RoundTrip(c.text), c.back) << c.text;
  }
}

TEST(DecimalTest, RefusesWhatIsNoNumber) {
  for (const char* text : {"",      " ",   "-",        "+",        ".",
                           "1 ",    " 1",  "1e",       "1e+",      "1e 5",
                           "1e5.0", "e5",  "1e20001",  "1e-20001", "1e99999999999",
                           "0x10",  "1,5", "1_000",    "--1",      "+-1",
                           "nan",   "inf", "infinity", "-NaN",     "1.2.3",
                           "½",     "1\n", "1e--5"}) {
    EXPECT_FALSE(ParseDecimal(text).has_value()) << text;
  }
  EXPECT_FALSE(ParseDecimal(std::string_view("1\0", 2)).has_value());
}

TEST(DecimalTest, TheGreatestNumbers) {
  const std::string whole(131072, '9');
  const std::string fraction(16383, '9');
  for (const std::string& text :
       {whole, "-" + whole, whole + "." + fraction, "0." + fraction, "0." + std::string(16382, '0') + "1"}) {
    EXPECT_EQ(RoundTrip(text), text);
  }
}

TEST(DecimalTest, RandomNumbersComeBackAsTheyWere) {
  std::mt19937 random(7);
  const auto digits = [&](int most) {
    std::string text;
    for (int n = static_cast<int>(random() % (most + 1)); n > 0; --n)
      text += static_cast<char>(random() % 3 == 0 ? '0' : '0' + random() % 10);
    return text;
  };
  for (int i = 0; i < 5000; ++i) {
    std::string whole = digits(24);
    whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
    if (whole.empty()) whole = "0";
    const std::string fraction = digits(24);
    std::string text = fraction.empty() ? whole : whole + "." + fraction;
    if (random() % 2 == 0 && text.find_first_not_of("0.") != std::string::npos) text.insert(0, "-");
    ASSERT_EQ(RoundTrip(text), text);
  }
}

TEST(DecimalTest, RefusesBytesThatAreNoNumeric) {
  // Count of groups, weight, sign, scale, groups of four digits.
  const std::string valid("\0\1\0\0\0\0\0\0\0\7", 10);
  ASSERT_EQ(DecodeDecimal(valid), "7");
  for (size_t size = 0; size < valid.size(); ++size)
    EXPECT_FALSE(DecodeDecimal(valid.substr(0, size)).has_value()) << size;
  EXPECT_FALSE(DecodeDecimal(valid + "x").has_value());
  for (const auto& [position, byte] :
       std::vector<std::pair<size_t, char>>{{4, '\x10'}, {6, '\x80'}, {8, '\x27'}, {8, '\xff'}, {0, '\xff'}}) {
    std::string broken = valid;
    broken[position] = byte;
    broken[9] = '\x10';
    EXPECT_FALSE(DecodeDecimal(broken).has_value()) << position;
  }
}

TEST(DecimalTest, AnyBytesAreDecodedOrRefused) {
  std::mt19937 random(11);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(random() % 24, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 4 == 0 ? random() : 0);
    if (const auto text = DecodeDecimal(bytes)) {
      EXPECT_TRUE(ParseDecimal(*text).has_value()) << *text;
    }
  }
}

}  // namespace
}  // namespace rowan
