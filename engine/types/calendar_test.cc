#include "engine/types/calendar.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace rowan {
namespace {

constexpr int64_t kDay = 86400000000;

TEST(DateTest, KnownDays) {
  struct Case {
    const char* text;
    int32_t days;
  };
  for (const Case& c : {Case{"2000-01-01", 0}, Case{"1999-12-31", -1}, Case{"2000-02-29", 59}, Case{"2000-03-01", 60},
                        Case{"1970-01-01", -10957}, Case{"0001-01-01", -730119}, Case{"0001-12-31 BC", -730120},
                        Case{"0001-02-29 BC", -730426}, Case{"4714-11-24 BC", kFirstDay}, Case{"10000-01-01", 2921940},
                        Case{"5874897-12-31", kLastDay}, Case{"infinity", std::numeric_limits<int32_t>::max()},
                        Case{"-infinity", std::numeric_limits<int32_t>::min()}}) {
    EXPECT_EQ(ParseDate(c.text), c.days) << c.text;
    EXPECT_EQ(FormatDate(c.days), c.text);
  }
}

TEST(DateTest, EveryDayOfManyYears) {
  for (int32_t days = -800000; days <= 200000; ++days) ASSERT_EQ(ParseDate(FormatDate(days)), days);
}

TEST(DateTest, Refused) {
  for (const char* text : {"",
                           "2024",
                           "2024-01",
                           "2024-1-1",
                           "24-01-01",
                           "2024-00-01",
                           "2024-13-01",
                           "2024-01-00",
                           "2024-01-32",
                           "2023-02-29",
                           "1900-02-29",
                           "0000-01-01",
                           "-0001-01-01",
                           "4714-11-23 BC",
                           "5874898-01-01",
                           "99999999-01-01",
                           "2024-01-01 ",
                           " 2024-01-01",
                           "2024-01-01T00:00:00Z",
                           "2024/01/01",
                           "2024-01-01BC",
                           "2024-01-01 AD",
                           "Infinity",
                           "+infinity",
                           "today",
                           "2024-01-0x",
                           "２０２４-01-01",
                           "0001-01-01 BC BC"}) {
    EXPECT_FALSE(ParseDate(text).has_value()) << text;
  }
}

TEST(TimeTest, KnownTimes) {
  struct Case {
    const char* text;
    int64_t microseconds;
    const char* back;
  };
  for (const Case& c :
       {Case{"00:00:00", 0, "00:00:00"}, Case{"00:00", 0, "00:00:00"}, Case{"12:34", 45240000000, "12:34:00"},
        Case{"23:59:59.999999", kDay - 1, "23:59:59.999999"}, Case{"24:00:00", kDay, "24:00:00"},
        Case{"01:02:03.5", 3723500000, "01:02:03.5"}, Case{"01:02:03.000001", 3723000001, "01:02:03.000001"},
        Case{"01:02:03.100000", 3723100000, "01:02:03.1"}}) {
    EXPECT_EQ(ParseTime(c.text), c.microseconds) << c.text;
    EXPECT_EQ(FormatTime(c.microseconds), c.back);
  }
}

TEST(TimeTest, Refused) {
  for (const char* text : {"", "12", "1:00", "12:0", "25:00:00", "24:00:00.000001", "24:00:01", "24:01", "12:60:00",
                           "12:00:60", "12:00:00.", "12:00:00.1234567", "12:00:00Z", "12:00:00+01", " 12:00:00",
                           "12:00:00 ", "12:00:00 PM", "-1:00:00", "12:00:0x"}) {
    EXPECT_FALSE(ParseTime(text).has_value()) << text;
  }
}

TEST(TimestampTest, KnownInstants) {
  struct Case {
    const char* text;
    int64_t microseconds;
    const char* back;
  };
  for (const Case& c : {Case{"2000-01-01T00:00:00Z", 0, "2000-01-01T00:00:00Z"},
                        Case{"1999-12-31T23:59:59.999999Z", -1, "1999-12-31T23:59:59.999999Z"},
                        Case{"1970-01-01T00:00:00Z", -kEpochSeconds * 1000000, "1970-01-01T00:00:00Z"},
                        Case{"2000-01-01t00:00:00z", 0, "2000-01-01T00:00:00Z"},
                        Case{"2000-01-01 00:00:00+00", 0, "2000-01-01T00:00:00Z"},
                        Case{"2000-01-01 00:00+00:00", 0, "2000-01-01T00:00:00Z"},
                        Case{"2000-01-01T02:00:00+02:00", 0, "2000-01-01T00:00:00Z"},
                        Case{"1999-12-31T18:30:00-0530", 0, "2000-01-01T00:00:00Z"},
                        Case{"2000-01-01T05:45:00+05:45", 0, "2000-01-01T00:00:00Z"},
                        Case{"1999-12-31T24:00:00Z", 0, "2000-01-01T00:00:00Z"},
                        Case{"2000-01-01T00:00:00.1+15:59", -57540000000 + 100000, "1999-12-31T08:01:00.1Z"},
                        Case{"4714-11-24T00:00:00Z BC", kFirstMicrosecond, "4714-11-24T00:00:00Z BC"},
                        Case{"4714-11-24 00:00:00+00 BC", kFirstMicrosecond, "4714-11-24T00:00:00Z BC"},
                        Case{"294276-12-31T23:59:59.999999Z", kLastMicrosecond, "294276-12-31T23:59:59.999999Z"},
                        Case{"294277-01-01T00:59:59.999999+01:00", kLastMicrosecond, "294276-12-31T23:59:59.999999Z"},
                        Case{"infinity", std::numeric_limits<int64_t>::max(), "infinity"},
                        Case{"-infinity", std::numeric_limits<int64_t>::min(), "-infinity"}}) {
    EXPECT_EQ(ParseTimestamp(c.text), c.microseconds) << c.text;
    EXPECT_EQ(FormatTimestamp(c.microseconds), c.back);
  }
}

TEST(TimestampTest, RandomInstants) {
  std::mt19937_64 random(3);
  std::uniform_int_distribution<int64_t> any(kFirstMicrosecond, kLastMicrosecond);
  for (int i = 0; i < 20000; ++i) {
    const int64_t microseconds = any(random);
    ASSERT_EQ(ParseTimestamp(FormatTimestamp(microseconds)), microseconds);
  }
}

TEST(TimestampTest, Refused) {
  for (const char* text : {"",
                           "2024-01-01",
                           "2024-01-01T00:00:00",
                           "2024-01-01 00:00:00",
                           "2024-01-01T00:00:00+",
                           "2024-01-01T00:00:00+1",
                           "2024-01-01T00:00:00+16:00",
                           "2024-01-01T00:00:00+01:60",
                           "2024-01-01T00:00:00+01:",
                           "2024-01-01T00:00:00+01:000",
                           "2024-01-01T00:00:00 Z",
                           "2024-01-01T00:00:00Zx",
                           "2024-01-01T24:00:01Z",
                           "2024-01-01T00:00:60Z",
                           "2024-02-30T00:00:00Z",
                           "2024-01-01T00:00:00.1234567Z",
                           "2024-01-01_00:00:00Z",
                           "294277-01-01T00:00:00Z",
                           "294276-12-31T23:59:59-00:01",
                           "4714-11-23T23:59:59Z BC",
                           "4714-11-24T00:00:00+00:01 BC",
                           "5874897-12-31T00:00:00Z",
                           "9999999-12-31T00:00:00Z",
                           "9999999-12-31T00:00:00Z BC",
                           "now",
                           "Infinity",
                           "2024-01-01T00:00:00Europe/Paris"}) {
    EXPECT_FALSE(ParseTimestamp(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace rowan
