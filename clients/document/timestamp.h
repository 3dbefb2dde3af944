// Instants as text: RFC 3339 with PostgreSQL's range of years. Private to clients/document.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rowan::document {

// An instant: seconds since 1970-01-01T00:00:00Z and nanoseconds after them.
struct Instant {
  int64_t seconds = 0;
  int32_t nanos = 0;
};

// Reads "2024-05-01T12:00:00.000001Z", "2024-05-01T14:00:00+02:00" or "0044-03-15T12:00:00Z BC", with years of 4 to 6
// digits and up to nine decimals of a second. False for anything else, days that do not exist included.
bool ReadInstant(std::string_view text, Instant& instant);

// Returns an instant in UTC, with microseconds when there are any.
std::string WriteInstant(const Instant& instant);

}  // namespace rowan::document
