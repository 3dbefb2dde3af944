#include "engine/types/calendar.h"

#include <algorithm>
#include <cstdio>
#include <limits>

#include "absl/strings/ascii.h"

namespace rowan {
namespace {

constexpr int64_t kDayMicroseconds = 86400000000;

// Days from 2000-01-01 to a date of the proleptic Gregorian calendar; year 0 is 1 BC. Counts in eras of 400 years that
// begin on 1 March, so that leap days come last.
int64_t DaysFromCivil(int64_t year, int month, int day) {
  year -= month <= 2;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 730425;  // from 0000-03-01 to 2000-01-01
}

struct Civil {
  int64_t year;
  int month;
  int day;
};

Civil CivilFromDays(int64_t days) {
  days += 730425;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const int64_t day_of_era = days - era * 146097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted = (5 * day_of_year + 2) / 153;
  const int day = static_cast<int>(day_of_year - (153 * shifted + 2) / 5 + 1);
  const int month = static_cast<int>(shifted < 10 ? shifted + 3 : shifted - 9);
  return {year_of_era + era * 400 + (month <= 2), month, day};
}

int DaysInMonth(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return kDays[month - 1] + (month == 2 && leap);
}

// Takes between `least` and `most` digits off the front.
bool TakeNumber(std::string_view& text, size_t least, size_t most, int64_t& number) {
  size_t count = 0;
  number = 0;
  while (count < most && count < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[count]))) {
    number = number * 10 + (text[count++] - '0');
  }
  text.remove_prefix(count);
  return count >= least;
}

bool Take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

bool TakeBc(std::string_view& text) {
  if (!text.ends_with(" BC")) return false;
  text.remove_suffix(3);
  return true;
}

std::optional<int64_t> TakeDate(std::string_view& text, bool bc) {
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
  if (!TakeNumber(text, 4, 7, year) || !Take(text, '-') || !TakeNumber(text, 2, 2, month) || !Take(text, '-') ||
      !TakeNumber(text, 2, 2, day)) {
    return std::nullopt;
  }
  if (year == 0 || month < 1 || month > 12) return std::nullopt;
  if (bc) year = 1 - year;
  if (day < 1 || day > DaysInMonth(year, static_cast<int>(month))) return std::nullopt;
  return DaysFromCivil(year, static_cast<int>(month), static_cast<int>(day));
}

std::optional<int64_t> TakeTime(std::string_view& text) {
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  int64_t fraction = 0;
  if (!TakeNumber(text, 2, 2, hour) || !Take(text, ':') || !TakeNumber(text, 2, 2, minute)) return std::nullopt;
  if (Take(text, ':')) {
    if (!TakeNumber(text, 2, 2, second)) return std::nullopt;
    if (Take(text, '.')) {
      const size_t before = text.size();
      if (!TakeNumber(text, 1, 6, fraction)) return std::nullopt;
      for (size_t digits = before - text.size(); digits < 6; ++digits) fraction *= 10;
    }
  }
  if (hour > 24 || minute > 59 || second > 59) return std::nullopt;
  const int64_t microseconds = ((hour * 60 + minute) * 60 + second) * 1000000 + fraction;
  if (microseconds > kDayMicroseconds) return std::nullopt;
  return microseconds;
}

std::optional<int64_t> TakeOffset(std::string_view& text) {
  if (Take(text, 'Z') || Take(text, 'z')) return 0;
  const bool west = !text.empty() && text.front() == '-';
  if (!Take(text, '-') && !Take(text, '+')) return std::nullopt;
  int64_t hours = 0;
  int64_t minutes = 0;
  if (!TakeNumber(text, 2, 2, hours)) return std::nullopt;
  if (!text.empty()) {
    Take(text, ':');
    if (!TakeNumber(text, 2, 2, minutes)) return std::nullopt;
  }
  if (hours > 15 || minutes > 59) return std::nullopt;
  const int64_t offset = (hours * 60 + minutes) * 60000000;
  return west ? -offset : offset;
}

std::string Digits(int64_t number, int least) {
  char text[32];
  std::snprintf(text, sizeof(text), "%0*lld", least, static_cast<long long>(number));
  return text;
}

std::string FormatDay(int64_t days, std::string& suffix) {
  Civil civil = CivilFromDays(days);
  if (civil.year <= 0) {
    suffix = " BC";
    civil.year = 1 - civil.year;
  }
  return Digits(civil.year, 4) + "-" + Digits(civil.month, 2) + "-" + Digits(civil.day, 2);
}

}  // namespace

std::optional<int32_t> ParseDate(std::string_view text) {
  if (text == "infinity") return std::numeric_limits<int32_t>::max();
  if (text == "-infinity") return std::numeric_limits<int32_t>::min();
  const bool bc = TakeBc(text);
  const std::optional<int64_t> days = TakeDate(text, bc);
  if (!days || !text.empty() || *days < kFirstDay || *days > kLastDay) return std::nullopt;
  return static_cast<int32_t>(*days);
}

std::string FormatDate(int32_t days) {
  if (days == std::numeric_limits<int32_t>::max()) return "infinity";
  if (days == std::numeric_limits<int32_t>::min()) return "-infinity";
  std::string suffix;
  std::string text = FormatDay(days, suffix);
  return text + suffix;
}

std::optional<int64_t> ParseTime(std::string_view text) {
  const std::optional<int64_t> time = TakeTime(text);
  if (!text.empty()) return std::nullopt;
  return time;
}

std::string FormatTime(int64_t microseconds) {
  const int64_t seconds = microseconds / 1000000;
  std::string text = Digits(seconds / 3600, 2) + ":" + Digits(seconds / 60 % 60, 2) + ":" + Digits(seconds % 60, 2);
  if (const int64_t fraction = microseconds % 1000000; fraction != 0) {
    text += "." + Digits(fraction, 6);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text;
}

std::optional<int64_t> ParseTimestamp(std::string_view text) {
  if (text == "infinity") return std::numeric_limits<int64_t>::max();
  if (text == "-infinity") return std::numeric_limits<int64_t>::min();
  const bool bc = TakeBc(text);
  const std::optional<int64_t> days = TakeDate(text, bc);
  if (!days || (!Take(text, 'T') && !Take(text, 't') && !Take(text, ' '))) return std::nullopt;
  const std::optional<int64_t> time = TakeTime(text);
  if (!time) return std::nullopt;
  const std::optional<int64_t> offset = TakeOffset(text);
  // Days beyond the timestamp's range would overflow below.
  if (!offset || !text.empty() || *days < kFirstDay || *days > kLastMicrosecond / kDayMicroseconds + 1)
    return std::nullopt;
  int64_t microseconds = 0;
  if (__builtin_mul_overflow(*days, kDayMicroseconds, &microseconds) ||
      __builtin_add_overflow(microseconds, *time - *offset, &microseconds) || microseconds < kFirstMicrosecond ||
      microseconds > kLastMicrosecond) {
    return std::nullopt;
  }
  return microseconds;
}

std::string FormatTimestamp(int64_t microseconds) {
  if (microseconds == std::numeric_limits<int64_t>::max()) return "infinity";
  if (microseconds == std::numeric_limits<int64_t>::min()) return "-infinity";
  int64_t days = microseconds / kDayMicroseconds;
  int64_t time = microseconds % kDayMicroseconds;
  if (time < 0) {
    time += kDayMicroseconds;
    --days;
  }
  std::string suffix;
  const std::string date = FormatDay(days, suffix);
  return date + "T" + FormatTime(time) + "Z" + suffix;
}

}  // namespace rowan
