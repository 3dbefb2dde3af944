// Dates, times and timestamps: text <-> PostgreSQL's counts since 2000-01-01. Proleptic Gregorian, UTC; pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rowan {

// PostgreSQL's ranges: dates from 4714-11-24 BC to 5874897-12-31, timestamps from 4714-11-24 BC up to but not including
// 294277-01-01.
constexpr int64_t kFirstDay = -2451545;
constexpr int64_t kLastDay = 2145031948;
constexpr int64_t kFirstMicrosecond = -211813488000000000;
constexpr int64_t kLastMicrosecond = 9223371331199999999;
// Seconds from 1970-01-01 to 2000-01-01.
constexpr int64_t kEpochSeconds = 946684800;

// Days since 2000-01-01. Infinities are PostgreSQL's: the extremes of int32.
std::optional<int32_t> ParseDate(std::string_view text);
std::string FormatDate(int32_t days);

// Microseconds since midnight; "24:00:00" is allowed.
std::optional<int64_t> ParseTime(std::string_view text);
std::string FormatTime(int64_t microseconds);

// Microseconds since 2000-01-01 UTC. Takes RFC 3339 with an offset, a blank in place of the T, and " BC". Infinities
// are the extremes of int64.
std::optional<int64_t> ParseTimestamp(std::string_view text);
std::string FormatTimestamp(int64_t microseconds);

}  // namespace rowan
