// A request that is sent many times, with some values that differ from call to call.
//
//   {id: {$random: [1, 1000]}}            a whole number from 1 to 1000
//   {id: {$next: 500}}                    500, 501, 502, …
//   {name: {$next: 1, text: "user {}"}}   "user 1", "user 2", …
//
// Everything else is encoded once. Private to clients/cli.
#pragma once

#include <google/protobuf/message.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/document/node.h"

namespace rowan::cli {

// A value that is drawn anew for each call.
struct Blank {
  bool random = false;  // or the next number
  int64_t low = 0;      // of random: the least; or the first
  int64_t high = 0;     // of random: the greatest
  bool is_text = false;
  std::string before, after;                     // of a text: what stands around the number
  std::shared_ptr<std::atomic<int64_t>> next{};  // shared by all who draw
};

// Takes the blanks out of a document: where one stood, a text stands for it afterwards, which names it among `blanks`.
// Errors: INVALID_ARGUMENT for a blank that is malformed.
absl::Status TakeBlanks(document::Node& document, std::vector<Blank>& blanks);

// A piece of an encoded message: bytes that never change, a blank, or a message within that holds blanks.
struct MessagePiece {
  std::string bytes;                 // that never change
  int blank = -1;                    // an index, or none
  uint32_t tag = 0;                  // of the message within; zero: none
  std::vector<MessagePiece> pieces;  // of the message within
};

// Immutable, and thread-safe.
class RequestTemplate {
 public:
  // `request` was made of a document whose `blanks` were taken. Errors: INVALID_ARGUMENT when a blank stands where no
  // value of a field does.
  static absl::StatusOr<RequestTemplate> Make(const google::protobuf::Message& request, std::vector<Blank> blanks);

  // Draws the blanks and returns the encoded request.
  std::string Encode(std::mt19937_64& random) const;

 private:
  std::vector<Blank> blanks_;
  std::vector<MessagePiece> pieces_;
  size_t largest_ = 0;  // how many bytes a request has at most
};

}  // namespace rowan::cli
