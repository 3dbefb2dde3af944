#include "clients/cli/request_template.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "rowan/v1/value.pb.h"

namespace rowan::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;
using WireFormat = google::protobuf::internal::WireFormatLite;

// Begins the text that stands for a blank, which then has its index. No document has a reason to hold it.
constexpr std::string_view kMark = "\x01$blank ";

constexpr int kLongestVarint = 10;
constexpr int kLongestNumber = 20;

std::string MarkOf(size_t blank) {
  return absl::StrCat(std::string(kMark), blank, "$");
}

// The index of the blank that a text stands for.
std::optional<int> BlankOf(std::string_view text) {
  int blank = 0;
  if (!text.starts_with(kMark) || !text.ends_with('$')) return std::nullopt;
  const std::string digits(text.substr(kMark.size(), text.size() - kMark.size() - 1));
  return absl::SimpleAtoi(digits, &blank) ? std::optional(blank) : std::nullopt;
}

absl::StatusOr<Blank> ReadBlank(const document::Node& node) {
  Blank blank;
  for (const document::Member& member : node.members) {
    if (member.key == "$random") {
      blank.random = true;
      const std::vector<document::Node>& range = member.value.items;
      if (range.size() != 2 || !document::ReadInt64(range[0], blank.low) ||
          !document::ReadInt64(range[1], blank.high) || blank.low > blank.high) {
        return absl::InvalidArgumentError(
            "$random needs the least and the greatest whole number: {$random: [1, 1000]}");
      }
    } else if (member.key == "$next") {
      if (!document::ReadInt64(member.value, blank.low))
        return absl::InvalidArgumentError("$next needs the first whole number: {$next: 1}");
    } else if (member.key == "text") {
      const size_t at = member.value.is_text() ? member.value.text.find("{}") : std::string::npos;
      if (at == std::string::npos)
        return absl::InvalidArgumentError(
            "the text of a number that varies needs a place for it: {$next: 1, text: \"user {}\"}");
      blank.is_text = true;
      blank.before = member.value.text.substr(0, at);
      blank.after = member.value.text.substr(at + 2);
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("there is no key \"", member.key, "\" beside ", node.members[0].key, "; there is text"));
    }
  }
  blank.next = std::make_shared<std::atomic<int64_t>>(blank.low);
  return blank;
}

// Splits an encoded message at its blanks. `found[i]` becomes true for each blank.
std::vector<MessagePiece> Split(const Descriptor& descriptor, const std::string& bytes, std::vector<bool>& found) {
  std::vector<MessagePiece> pieces;
  const auto keep = [&](size_t from, size_t to) {
    if (pieces.empty() || pieces.back().blank >= 0 || pieces.back().tag != 0) pieces.emplace_back();
    pieces.back().bytes.append(bytes, from, to - from);
  };
  CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  while (true) {
    const auto begin = static_cast<size_t>(in.CurrentPosition());
    const uint32_t tag = in.ReadTag();
    if (tag == 0) return pieces;
    if (WireFormat::GetTagWireType(tag) != WireFormat::WIRETYPE_LENGTH_DELIMITED) {
      WireFormat::SkipField(&in, tag);
      keep(begin, static_cast<size_t>(in.CurrentPosition()));
      continue;
    }
    uint32_t size = 0;
    std::string content;
    in.ReadVarint32(&size);
    in.ReadString(&content, static_cast<int>(size));
    const FieldDescriptor* field = descriptor.FindFieldByNumber(WireFormat::GetTagFieldNumber(tag));
    const bool in_value = &descriptor == v1::Value::descriptor();
    const std::optional<int> blank = in_value ? BlankOf(content) : std::nullopt;
    if (blank && static_cast<size_t>(*blank) < found.size()) {
      found[static_cast<size_t>(*blank)] = true;
      pieces.push_back({.blank = *blank});
    } else if (field->type() == FieldDescriptor::TYPE_MESSAGE && content.find(kMark) != std::string::npos) {
      pieces.push_back({.tag = tag, .pieces = Split(*field->message_type(), content, found)});
    } else {
      keep(begin, static_cast<size_t>(in.CurrentPosition()));
    }
  }
}

size_t LargestOf(const std::vector<MessagePiece>& pieces, const std::vector<Blank>& blanks) {
  size_t largest = 0;
  for (const MessagePiece& piece : pieces) {
    largest += piece.bytes.size() + 2 * kLongestVarint + LargestOf(piece.pieces, blanks);
    if (piece.blank < 0) continue;
    const Blank& blank = blanks[static_cast<size_t>(piece.blank)];
    largest += blank.before.size() + blank.after.size() + kLongestNumber;
  }
  return largest;
}

int64_t Draw(const Blank& blank, std::mt19937_64& random) {
  if (!blank.random) return blank.next->fetch_add(1, std::memory_order_relaxed);
  return std::uniform_int_distribution<int64_t>(blank.low, blank.high)(random);
}

// Writes from the end of a buffer to its front, so that the length of a message is known when it is its turn.
struct BackwardWriter {
  char* at;

  void Write(std::string_view bytes) {
    at -= bytes.size();
    std::memcpy(at, bytes.data(), bytes.size());
  }
  void WriteVarint(uint64_t number) {
    uint8_t bytes[kLongestVarint];
    const uint8_t* end = CodedOutputStream::WriteVarint64ToArray(number, bytes);
    Write({reinterpret_cast<const char*>(bytes), static_cast<size_t>(end - bytes)});
  }
};

void WriteBlank(const Blank& blank, std::mt19937_64& random, BackwardWriter& writer) {
  const int64_t number = Draw(blank, random);
  if (!blank.is_text) {
    writer.WriteVarint(static_cast<uint64_t>(number));
    writer.WriteVarint(WireFormat::MakeTag(v1::Value::kIntValueFieldNumber, WireFormat::WIRETYPE_VARINT));
    return;
  }
  const char* end = writer.at;
  writer.Write(blank.after);
  writer.Write(absl::StrCat(number));
  writer.Write(blank.before);
  writer.WriteVarint(static_cast<uint64_t>(end - writer.at));
  writer.WriteVarint(WireFormat::MakeTag(v1::Value::kTextValueFieldNumber, WireFormat::WIRETYPE_LENGTH_DELIMITED));
}

void WritePieces(const std::vector<MessagePiece>& pieces, const std::vector<Blank>& blanks, std::mt19937_64& random,
                 BackwardWriter& writer) {
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
    if (piece->blank >= 0) {
      WriteBlank(blanks[static_cast<size_t>(piece->blank)], random, writer);
    } else if (piece->tag != 0) {
      const char* end = writer.at;
      WritePieces(piece->pieces, blanks, random, writer);
      writer.WriteVarint(static_cast<uint64_t>(end - writer.at));
      writer.WriteVarint(piece->tag);
    } else {
      writer.Write(piece->bytes);
    }
  }
}

}  // namespace

absl::Status TakeBlanks(document::Node& document, std::vector<Blank>& blanks) {
  if (document.Find("$random") != nullptr || document.Find("$next") != nullptr) {
    ROWAN_ASSIGN_OR_RETURN(Blank blank, ReadBlank(document));
    document = document::Text(MarkOf(blanks.size()));
    blanks.push_back(std::move(blank));
    return absl::OkStatus();
  }
  for (document::Node& item : document.items) ROWAN_RETURN_IF_ERROR(TakeBlanks(item, blanks));
  for (document::Member& member : document.members) ROWAN_RETURN_IF_ERROR(TakeBlanks(member.value, blanks));
  return absl::OkStatus();
}

absl::StatusOr<RequestTemplate> RequestTemplate::Make(const google::protobuf::Message& request,
                                                      std::vector<Blank> blanks) {
  RequestTemplate made;
  std::vector<bool> found(blanks.size(), false);
  made.pieces_ = Split(*request.GetDescriptor(), request.SerializeAsString(), found);
  for (const bool one : found) {
    if (!one) return absl::InvalidArgumentError("$random and $next stand where no field's value can stand");
  }
  made.blanks_ = std::move(blanks);
  made.largest_ = LargestOf(made.pieces_, made.blanks_);
  return made;
}

std::string RequestTemplate::Encode(std::mt19937_64& random) const {
  std::string buffer(largest_, '\0');
  BackwardWriter writer{buffer.data() + buffer.size()};
  WritePieces(pieces_, blanks_, random, writer);
  return buffer.substr(static_cast<size_t>(writer.at - buffer.data()));
}

}  // namespace rowan::cli
