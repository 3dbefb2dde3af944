#include "engine/base/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "absl/strings/escaping.h"

namespace rowan {
namespace {

constexpr size_t kTagBytes = 16;
constexpr char kFormat = 1;

// The tag of HMAC-SHA256, cut to half, over the purpose's length, the purpose and the payload.
std::string Tag(std::string_view secret, std::string_view purpose, std::string_view payload) {
  std::string text = std::to_string(purpose.size());
  text += ':';
  text += purpose;
  text += payload;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  return std::string(reinterpret_cast<const char*>(digest.data()), kTagBytes);
}

}  // namespace

std::string TokenKey::Seal(std::string_view purpose, std::string_view payload) const {
  std::string bytes(1, kFormat);
  bytes += payload;
  bytes += Tag(secret_, purpose, bytes);
  return absl::WebSafeBase64Escape(absl::string_view(bytes.data(), bytes.size()));
}

std::optional<std::string> TokenKey::Open(std::string_view purpose, std::string_view token) const {
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(absl::string_view(token.data(), token.size()), &bytes)) return std::nullopt;
  if (bytes.size() < 1 + kTagBytes || bytes[0] != kFormat) return std::nullopt;
  const std::string tag = bytes.substr(bytes.size() - kTagBytes);
  bytes.resize(bytes.size() - kTagBytes);
  if (CRYPTO_memcmp(tag.data(), Tag(secret_, purpose, bytes).data(), kTagBytes) != 0) return std::nullopt;
  return bytes.substr(1);
}

}  // namespace rowan
