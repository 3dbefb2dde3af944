// Decimal numbers: text <-> PostgreSQL's numeric in binary (numeric_send, numeric_recv). Exact; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rowan {

// A decimal number as its digits: (-1)^negative · digits · 10^-scale.
struct Decimal {
  enum class Kind { kFinite, kNaN, kInfinity };
  Kind kind = Kind::kFinite;
  bool negative = false;
  std::string digits;  // no leading zeros; empty for zero
  int scale = 0;       // digits after the point
};

// Reads "-12.3400", "1e6", "NaN", "Infinity", "-Infinity"; nullopt when the text is no number or its exponent exceeds
// 20,000.
std::optional<Decimal> ParseDecimal(std::string_view text);

// Encodes the number. A finite one has at most 131,072 digits before the point and 16,383 after it.
std::string EncodeDecimal(const Decimal& decimal);

// Writes the number with all its digits; nullopt when the bytes are no numeric.
std::optional<std::string> DecodeDecimal(std::string_view bytes);

}  // namespace rowan
