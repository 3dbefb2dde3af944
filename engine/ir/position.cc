#include "engine/ir/position.h"

#include "engine/types/wire.h"

namespace rowan::ir {

std::string EncodePosition(const Position& position) {
  std::string bytes;
  PutInteger(position.passed, bytes);
  PutInteger(static_cast<int16_t>(position.values.size()), bytes);
  for (const Encoded& value : position.values) {
    PutInteger(value.null ? int32_t{-1} : static_cast<int32_t>(value.bytes.size()), bytes);
    bytes += value.bytes;
  }
  return bytes;
}

std::optional<Position> DecodePosition(std::string_view bytes) {
  WireReader reader(bytes);
  Position position;
  position.passed = reader.Read<int64_t>();
  const int16_t count = reader.Read<int16_t>();
  for (int i = 0; i < count && reader.ok(); ++i) {
    Encoded value;
    value.bytes = reader.Sized(value.null);
    position.values.push_back(std::move(value));
  }
  if (!reader.done()) return std::nullopt;
  return position;
}

}  // namespace rowan::ir
