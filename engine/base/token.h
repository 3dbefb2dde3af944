// Opaque, authenticated tokens: what a client carries from one answer to a later request and cannot read, change or use
// elsewhere.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rowan {

// Seals and opens tokens with a secret that all servers of one database share. Immutable, hence thread-safe.
class TokenKey {
 public:
  // Takes any number of bytes; 32 random ones are right.
  explicit TokenKey(std::string_view secret);
  ~TokenKey();
  TokenKey(const TokenKey&) = delete;
  TokenKey& operator=(const TokenKey&) = delete;

  // Returns a token of letters, digits, `-` and `_` that holds `payload`. It opens with the same purpose only.
  std::string Seal(std::string_view purpose, std::string_view payload) const;

  // Returns the payload, or nullopt when the token is not one that this key sealed for this purpose.
  std::optional<std::string> Open(std::string_view purpose, std::string_view token) const;

 private:
  struct Macs;
  std::string Tag(std::string_view purpose, std::string_view payload) const;

  const std::unique_ptr<Macs> macs_;
};

}  // namespace rowan
