#include "clients/document/timestamp.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace rowan::document {
namespace {

// Takes parts off the front of a text. Each returns whether the part was there.
struct Cursor {
  std::string_view rest;

  bool Take(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }

  // Takes all digits that follow, at least `least` and at most `most`, as a number.
  bool Digits(size_t least, size_t most, int64_t& number, size_t* count = nullptr) {
    size_t length = 0;
    number = 0;
    while (length < rest.size() && absl::ascii_isdigit(rest[length])) {
      if (length == most) return false;
      number = number * 10 + (rest[length++] - '0');
    }
    rest.remove_prefix(length);
    if (count != nullptr) *count = length;
    return length >= least;
  }

  bool Offset(int64_t& seconds) {
    seconds = 0;
    if (Take('Z') || Take('z')) return true;
    const bool west = Take('-');
    int64_t hours = 0, minutes = 0;
    if (!west && !Take('+')) return false;
    if (!Digits(2, 2, hours) || !Take(':') || !Digits(2, 2, minutes) || hours > 23 || minutes > 59) return false;
    seconds = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
  }
};

}  // namespace

bool ReadInstant(std::string_view text, Instant& instant) {
  Cursor cursor{text};
  int64_t year, month, day, hour, minute, second, fraction = 0, offset;
  if (!cursor.Digits(4, 6, year) || !cursor.Take('-') || !cursor.Digits(2, 2, month) || !cursor.Take('-') ||
      !cursor.Digits(2, 2, day))
    return false;
  if (!cursor.Take('T') && !cursor.Take('t') && !cursor.Take(' ')) return false;
  if (!cursor.Digits(2, 2, hour) || !cursor.Take(':') || !cursor.Digits(2, 2, minute) || !cursor.Take(':') ||
      !cursor.Digits(2, 2, second))
    return false;
  if (cursor.Take('.')) {
    size_t digits = 0;
    if (!cursor.Digits(1, 9, fraction, &digits)) return false;
    for (; digits < 9; ++digits) fraction *= 10;
  }
  if (!cursor.Offset(offset)) return false;
  if (cursor.rest == " BC") {
    year = 1 - year;
  } else if (!cursor.rest.empty()) {
    return false;
  }
  const absl::CivilSecond civil(year, month, day, hour, minute, second);
  // CivilSecond carries over what is out of range; a field that changed did not exist.
  if (civil.month() != month || civil.day() != day || civil.hour() != hour || civil.minute() != minute ||
      civil.second() != second)
    return false;
  instant.seconds = civil - absl::CivilSecond(1970, 1, 1) - offset;
  instant.nanos = static_cast<int32_t>(fraction);
  return true;
}

std::string WriteInstant(const Instant& instant) {
  const absl::CivilSecond civil = absl::CivilSecond(1970, 1, 1) + instant.seconds;
  const int64_t year = civil.year() > 0 ? civil.year() : 1 - civil.year();
  std::string text = absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d", year, civil.month(), civil.day(), civil.hour(),
                                     civil.minute(), civil.second());
  if (instant.nanos != 0) absl::StrAppendFormat(&text, ".%06d", instant.nanos / 1000);
  absl::StrAppend(&text, civil.year() > 0 ? "Z" : "Z BC");
  return text;
}

}  // namespace rowan::document
