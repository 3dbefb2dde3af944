#include "engine/base/token.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "absl/strings/escaping.h"

namespace rowan {
namespace {

constexpr size_t kTagBytes = 16;
constexpr char kFormat = 1;

struct FreeMac {
  void operator()(EVP_MAC_CTX* mac) const { EVP_MAC_CTX_free(mac); }
};
using Mac = std::unique_ptr<EVP_MAC_CTX, FreeMac>;

// Makes an HMAC-SHA256 that has taken the key; null when OpenSSL has none.
Mac MakeMac(std::string_view secret) {
  EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  Mac mac(EVP_MAC_CTX_new(hmac));
  EVP_MAC_free(hmac);
  char name[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", name, 0), OSSL_PARAM_construct_end()};
  const auto* const key = reinterpret_cast<const unsigned char*>(secret.data());
  if (mac == nullptr || EVP_MAC_init(mac.get(), key, secret.size(), parameters) != 1) return nullptr;
  return mac;
}

}  // namespace

// Those that nobody uses at the moment: making one takes ten times as long as a tag.
struct TokenKey::Macs {
  const std::string secret;
  std::mutex mutex;
  std::vector<Mac> idle;

  Mac Take() {
    {
      std::lock_guard lock(mutex);
      if (!idle.empty()) {
        Mac mac = std::move(idle.back());
        idle.pop_back();
        // It keeps the key.
        return EVP_MAC_init(mac.get(), nullptr, 0, nullptr) == 1 ? std::move(mac) : MakeMac(secret);
      }
    }
    return MakeMac(secret);
  }
  void Return(Mac mac) {
    std::lock_guard lock(mutex);
    idle.push_back(std::move(mac));
  }
};

TokenKey::TokenKey(std::string_view secret) : macs_(new Macs{.secret = std::string(secret)}) {
  Mac first = MakeMac(macs_->secret);
  // A library without HMAC is no library to run with.
  if (first == nullptr) std::abort();
  macs_->Return(std::move(first));
}
TokenKey::~TokenKey() = default;

// The tag of HMAC-SHA256, cut to half, over the purpose's length, the purpose and the payload.
std::string TokenKey::Tag(std::string_view purpose, std::string_view payload) const {
  Mac mac = macs_->Take();
  const std::string length = std::to_string(purpose.size()) + ":";
  for (const std::string_view part : {std::string_view(length), purpose, payload}) {
    EVP_MAC_update(mac.get(), reinterpret_cast<const unsigned char*>(part.data()), part.size());
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  size_t size = 0;
  EVP_MAC_final(mac.get(), digest.data(), &size, digest.size());
  macs_->Return(std::move(mac));
  return std::string(reinterpret_cast<const char*>(digest.data()), kTagBytes);
}

std::string TokenKey::Seal(std::string_view purpose, std::string_view payload) const {
  std::string bytes(1, kFormat);
  bytes += payload;
  bytes += Tag(purpose, bytes);
  return absl::WebSafeBase64Escape(absl::string_view(bytes.data(), bytes.size()));
}

std::optional<std::string> TokenKey::Open(std::string_view purpose, std::string_view token) const {
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(absl::string_view(token.data(), token.size()), &bytes)) return std::nullopt;
  if (bytes.size() < 1 + kTagBytes || bytes[0] != kFormat) return std::nullopt;
  const std::string tag = bytes.substr(bytes.size() - kTagBytes);
  bytes.resize(bytes.size() - kTagBytes);
  if (CRYPTO_memcmp(tag.data(), Tag(purpose, bytes).data(), kTagBytes) != 0) return std::nullopt;
  return bytes.substr(1);
}

}  // namespace rowan
