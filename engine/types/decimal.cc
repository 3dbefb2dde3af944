#include "engine/types/decimal.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "engine/types/wire.h"

namespace rowan {
namespace {

constexpr uint16_t kPositive = 0x0000;
constexpr uint16_t kNegative = 0x4000;
constexpr uint16_t kNaN = 0xC000;
constexpr uint16_t kPositiveInfinity = 0xD000;
constexpr uint16_t kNegativeInfinity = 0xF000;
constexpr int kGroup = 4;  // decimal digits in one digit of base 10,000

bool AllDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

std::string Header(uint16_t sign) {
  std::string bytes;
  PutInteger<uint16_t>(0, bytes);
  PutInteger<uint16_t>(0, bytes);
  PutInteger<uint16_t>(sign, bytes);
  PutInteger<uint16_t>(0, bytes);
  return bytes;
}

}  // namespace

std::optional<Decimal> ParseDecimal(std::string_view text) {
  Decimal decimal;
  if (text == "NaN") {
    decimal.kind = Decimal::Kind::kNaN;
    return decimal;
  }
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    decimal.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text == "Infinity") {
    decimal.kind = Decimal::Kind::kInfinity;
    return decimal;
  }
  int exponent = 0;
  if (const size_t e = text.find_first_of("eE"); e != std::string_view::npos) {
    std::string_view power = text.substr(e + 1);
    const bool down = power.starts_with('-');
    if (down || power.starts_with('+')) power.remove_prefix(1);
    if (power.empty() || power.size() > 9 || !AllDigits(power)) return std::nullopt;
    for (char digit : power) exponent = exponent * 10 + (digit - '0');
    if (exponent > 20000) return std::nullopt;
    if (down) exponent = -exponent;
    text = text.substr(0, e);
  }
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if ((whole.empty() && fraction.empty()) || !AllDigits(whole) || !AllDigits(fraction)) return std::nullopt;
  decimal.digits.append(whole).append(fraction);
  decimal.scale = static_cast<int>(fraction.size()) - exponent;
  if (decimal.scale < 0) {
    decimal.digits.append(-decimal.scale, '0');
    decimal.scale = 0;
  }
  decimal.digits.erase(0, std::min(decimal.digits.find_first_not_of('0'), decimal.digits.size()));
  return decimal;
}

std::string EncodeDecimal(const Decimal& decimal) {
  switch (decimal.kind) {
    case Decimal::Kind::kNaN:
      return Header(kNaN);
    case Decimal::Kind::kInfinity:
      return Header(decimal.negative ? kNegativeInfinity : kPositiveInfinity);
    case Decimal::Kind::kFinite:
      break;
  }
  // Pad on both sides so that the point falls between two groups.
  std::string digits = decimal.digits;
  digits.append((kGroup - decimal.scale % kGroup) % kGroup, '0');
  const int padded_scale = decimal.scale + (kGroup - decimal.scale % kGroup) % kGroup;
  digits.insert(0, (kGroup - digits.size() % kGroup) % kGroup, '0');
  std::vector<int16_t> groups;
  for (size_t i = 0; i < digits.size(); i += kGroup) {
    int16_t group = 0;
    for (int k = 0; k < kGroup; ++k) group = static_cast<int16_t>(group * 10 + (digits[i + k] - '0'));
    groups.push_back(group);
  }
  int weight = static_cast<int>(groups.size()) - padded_scale / kGroup - 1;
  while (!groups.empty() && groups.front() == 0) {
    groups.erase(groups.begin());
    --weight;
  }
  while (!groups.empty() && groups.back() == 0) groups.pop_back();
  std::string bytes;
  PutInteger<int16_t>(static_cast<int16_t>(groups.size()), bytes);
  PutInteger<int16_t>(static_cast<int16_t>(groups.empty() ? 0 : weight), bytes);
  PutInteger<uint16_t>(decimal.negative && !groups.empty() ? kNegative : kPositive, bytes);
  PutInteger<int16_t>(static_cast<int16_t>(decimal.scale), bytes);
  for (int16_t group : groups) PutInteger<int16_t>(group, bytes);
  return bytes;
}

std::optional<std::string> DecodeDecimal(std::string_view bytes) {
  WireReader reader(bytes);
  const int count = reader.Read<uint16_t>();
  const int weight = reader.Read<int16_t>();
  const uint16_t sign = reader.Read<uint16_t>();
  const int scale = reader.Read<int16_t>();
  if (!reader.ok() || scale < 0) return std::nullopt;
  if (sign == kNaN) return "NaN";
  if (sign == kPositiveInfinity) return "Infinity";
  if (sign == kNegativeInfinity) return "-Infinity";
  std::vector<int> groups;
  for (int i = 0; i < count; ++i) {
    groups.push_back(reader.Read<uint16_t>());
    if (groups.back() > 9999) return std::nullopt;
  }
  if (!reader.done() || (sign != kPositive && sign != kNegative)) return std::nullopt;
  // The group at position p counts 10,000^(weight - p).
  auto digits_of = [&](int power) {
    const int position = weight - power;
    const int group = position >= 0 && position < count ? groups[position] : 0;
    std::string digits = std::to_string(group);
    return std::string(kGroup - digits.size(), '0') + digits;
  };
  std::string whole;
  for (int power = weight; power >= 0; --power) whole += digits_of(power);
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  std::string fraction;
  for (int power = -1; static_cast<int>(fraction.size()) < scale; --power) fraction += digits_of(power);
  fraction.resize(scale);
  std::string text = sign == kNegative ? "-" : "";
  text += whole.empty() ? "0" : whole;
  return scale > 0 ? text + "." + fraction : text;
}

}  // namespace rowan
