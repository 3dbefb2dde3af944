// Writes messages in protobuf's wire format without building them first. It writes back to front, so that the length of
// a message is known when its beginning is reached: the last field comes first, and within a repeated field the last
// element.
//
//   {text_value: "Alice"} in Record.values:   const size_t end = writer.size();
//                                             writer.Bytes(v1::Value::kTextValueFieldNumber, "Alice");
//                                             writer.Close(v1::Record::kValuesFieldNumber, end);
//
// Source: protobuf.dev/programming-guides/encoding. Not thread-safe.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace rowan {

class MessageWriter {
 public:
  MessageWriter() : buffer_(new char[kFirstBytes]), capacity_(kFirstBytes), begin_(kFirstBytes) {}
  MessageWriter(const MessageWriter&) = delete;
  MessageWriter& operator=(const MessageWriter&) = delete;

  // What was written since the last Clear. Valid until the next call.
  std::string_view bytes() const { return {buffer_.get() + begin_, size()}; }
  size_t size() const { return capacity_ - begin_; }
  // Forgets what was written and keeps the memory.
  void Clear() { begin_ = capacity_; }

  // Field numbers are at least 1.

  // int32, int64, uint64, bool and enum fields.
  void Varint(int field, uint64_t value) {
    PutVarint(value);
    PutTag(field, 0);
  }
  void Double(int field, double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    char* const at = Reserve(sizeof(bits));
    for (size_t i = 0; i < sizeof(bits); ++i) at[i] = static_cast<char>(bits >> 8 * i);
    PutTag(field, 1);
  }
  // string and bytes fields.
  void Bytes(int field, std::string_view value) {
    value.copy(Reserve(value.size()), value.size());
    PutVarint(value.size());
    PutTag(field, 2);
  }
  // Makes a message of what was written since size() was `end`.
  void Close(int field, size_t end) {
    PutVarint(size() - end);
    PutTag(field, 2);
  }
  // An element of a packed field, which Close makes whole.
  void PackedVarint(uint64_t value) { PutVarint(value); }

 private:
  static constexpr size_t kFirstBytes = 1024;  // the most that the allocator has at hand for each thread

  // Makes room in front and returns where it begins.
  char* Reserve(size_t bytes) {
    if (bytes > begin_) Grow(bytes);
    begin_ -= bytes;
    return buffer_.get() + begin_;
  }
  void Grow(size_t bytes) {
    const size_t used = size();
    const size_t capacity = 2 * (capacity_ + bytes);
    std::unique_ptr<char[]> buffer(new char[capacity]);
    std::memcpy(buffer.get() + capacity - used, buffer_.get() + begin_, used);
    buffer_ = std::move(buffer);
    capacity_ = capacity;
    begin_ = capacity - used;
  }
  void PutVarint(uint64_t value) {
    if (value < 0x80) {
      *Reserve(1) = static_cast<char>(value);
      return;
    }
    char bytes[10];
    size_t count = 0;
    for (; value >= 0x80; value >>= 7) bytes[count++] = static_cast<char>(value | 0x80);
    bytes[count++] = static_cast<char>(value);
    std::memcpy(Reserve(count), bytes, count);
  }
  void PutTag(int field, int wire_type) {
    PutVarint(static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(wire_type));
  }

  std::unique_ptr<char[]> buffer_;
  size_t capacity_;
  size_t begin_;
};

}  // namespace rowan
