// Big-endian integers and length-prefixed values, which PostgreSQL's binary formats are made of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace rowan {

// What a jsonb begins with; its text follows.
inline constexpr char kJsonbVersion = 1;

// Appends an integer of 2, 4 or 8 bytes.
template <typename Integer>
void PutInteger(Integer value, std::string& bytes) {
  const auto bits = static_cast<std::make_unsigned_t<Integer>>(value);
  for (int shift = static_cast<int>(sizeof(Integer)) * 8 - 8; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(bits >> shift & 0xff);
  }
}

// The integer that 2, 4 or 8 bytes are.
inline int64_t DecodeInteger(std::string_view bytes) {
  uint64_t value = !bytes.empty() && (bytes.front() & 0x80) != 0 ? ~uint64_t{0} : 0;
  for (char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return static_cast<int64_t>(value);
}

// Reads front to back. A read past the end gives zeros, and ok() tells afterwards.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : bytes_(bytes) {}

  template <typename Integer>
  Integer Read() {
    std::make_unsigned_t<Integer> value = 0;
    for (char byte : Bytes(sizeof(Integer))) {
      value = static_cast<std::make_unsigned_t<Integer>>(value << 8 | static_cast<unsigned char>(byte));
    }
    return static_cast<Integer>(value);
  }

  // Reads a length and as many bytes; a length of -1 is null.
  std::string_view Sized(bool& null) {
    const int32_t length = Read<int32_t>();
    null = length == -1;
    return null ? std::string_view() : Bytes(length);
  }

  std::string_view Bytes(int64_t count) {
    if (count < 0 || static_cast<uint64_t>(count) > bytes_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = bytes_.substr(0, static_cast<size_t>(count));
    bytes_.remove_prefix(static_cast<size_t>(count));
    return taken;
  }

  bool ok() const { return ok_; }
  // Whether everything was read and nothing past the end.
  bool done() const { return ok_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace rowan
