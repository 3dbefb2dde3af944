#include "engine/bind/regex.h"

#include <re2/re2.h>

#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"

namespace rowan {
namespace {

constexpr int kMostRepeats = 255;

// Rewrites what both write differently, and refuses what only RE2 knows. The pattern is one that RE2 accepts.
class Translator {
 public:
  Translator(std::string_view pattern, const Path& path) : pattern_(pattern), path_(path) {}

  absl::StatusOr<std::string> Translate() {
    while (at_ < pattern_.size()) {
      const char c = pattern_[at_];
      if (c == '\\') {
        if (absl::Status status = Escape(); !status.ok()) return status;
        atom_ = true;
        continue;
      }
      if (c == '[') {
        if (absl::Status status = Bracket(); !status.ok()) return status;
        atom_ = true;
        continue;
      }
      if (c == '(' && Next() == '?' && !(at_ + 2 < pattern_.size() && pattern_[at_ + 2] == ':')) {
        return Refuse("groups with flags or names are not supported; (?: ) is");
      }
      if ((c == '*' || c == '+' || c == '?' || c == '{') && !atom_) {
        // RE2 repeats empty matches such as ^*, and takes a brace that is no bound for itself; PostgreSQL takes neither.
        return Refuse(absl::StrCat("there is nothing to repeat before ", std::string(1, c), " at ", at_));
      }
      if (c == '{') {
        if (absl::Status status = Bound(); !status.ok()) return status;
        continue;
      }
      if (c == '(' && Next() == '?') {
        out_ += "(?:";
        at_ += 3;
        atom_ = false;
        continue;
      }
      atom_ = c != '^' && c != '$' && c != '(' && c != '|';
      out_ += c;
      ++at_;
    }
    return std::move(out_);
  }

 private:
  absl::Status Refuse(std::string_view why) const { return errors::InvalidRegex(path_, why); }
  char Next() const { return at_ + 1 < pattern_.size() ? pattern_[at_ + 1] : '\0'; }

  absl::Status Escape() {
    const char c = Next();
    if (c == 'b' || c == 'B') {
      out_ += c == 'b' ? "\\y" : "\\Y";
    } else if (std::string_view("dDsSwWnrtfv").find(c) != std::string_view::npos ||
               absl::ascii_ispunct(static_cast<unsigned char>(c))) {
      out_ += '\\';
      out_ += c;
    } else {
      return Refuse(absl::StrCat("\\", std::string(1, c), " is not supported"));
    }
    at_ += 2;
    return absl::OkStatus();
  }

  // A bracket expression up to its end. Both read them alike, classes such as [:alpha:] included, but for escapes.
  absl::Status Bracket() {
    out_ += pattern_[at_++];
    if (at_ < pattern_.size() && pattern_[at_] == '^') out_ += pattern_[at_++];
    bool first = true;
    while (at_ < pattern_.size() && (first || pattern_[at_] != ']')) {
      first = false;
      if (pattern_[at_] == '\\') {
        const char c = Next();
        if (std::string_view("dswnrtfv").find(c) == std::string_view::npos &&
            !absl::ascii_ispunct(static_cast<unsigned char>(c))) {
          return Refuse(absl::StrCat("\\", std::string(1, c), " inside [ ] is not supported"));
        }
        out_ += '\\';
        out_ += c;
        at_ += 2;
        continue;
      }
      if (pattern_[at_] == '[' && (Next() == ':' || Next() == '.' || Next() == '=')) {
        const size_t end = pattern_.find(":]", at_);
        const std::string_view name = Next() == ':' && end != std::string_view::npos
                                          ? pattern_.substr(at_ + 2, end - at_ - 2)
                                          : std::string_view();
        static constexpr std::string_view kClasses[] = {"alnum", "alpha", "blank", "cntrl", "digit", "graph",
                                                        "lower", "print", "punct", "space", "upper", "xdigit"};
        bool known = false;
        for (std::string_view one : kClasses) known = known || one == name;
        if (!known) return Refuse("a [ inside [ ] begins no class that both know");
        out_ += pattern_.substr(at_, end + 2 - at_);
        at_ = end + 2;
        continue;
      }
      out_ += pattern_[at_++];
    }
    if (at_ < pattern_.size()) out_ += pattern_[at_++];
    return absl::OkStatus();
  }

  // {n}, {n,} or {n,m}.
  absl::Status Bound() {
    const size_t end = pattern_.find('}', at_);
    if (end == std::string_view::npos) return Refuse("a { has no end; write \\{ for the character");
    const std::string_view bound = pattern_.substr(at_ + 1, end - at_ - 1);
    bool digits = !bound.empty();
    for (char c : bound) digits = digits && (absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == ',');
    if (!digits || bound[0] == ',') return Refuse("a { begins no bound; write \\{ for the character");
    for (size_t from = 0; from < bound.size();) {
      int number = 0;
      const char* const last = bound.data() + bound.size();
      const auto parsed = std::from_chars(bound.data() + from, last, number);
      if (parsed.ec == std::errc::result_out_of_range || number > kMostRepeats) {
        return Refuse(absl::StrCat("a bound is greater than ", kMostRepeats));
      }
      from = static_cast<size_t>(parsed.ptr - bound.data()) + 1;
    }
    out_ += pattern_.substr(at_, end + 1 - at_);
    at_ = end + 1;
    return absl::OkStatus();
  }

  std::string_view pattern_;
  const Path& path_;
  size_t at_ = 0;
  bool atom_ = false;  // whether there is something to repeat
  std::string out_;
};

}  // namespace

absl::StatusOr<std::string> PostgresRegex(std::string_view pattern, const Limits& limits, const Path& path) {
  if (static_cast<int>(pattern.size()) > limits.regex_bytes) {
    return errors::InvalidRegex(path, absl::StrCat("it is longer than ", limits.regex_bytes, " bytes"));
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  const re2::RE2 compiled(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!compiled.ok()) return errors::InvalidRegex(path, compiled.error());
  return Translator(pattern, path).Translate();
}

}  // namespace rowan
