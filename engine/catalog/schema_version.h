// The version of a schema: a hash of its content.
#pragma once

#include <string>
#include <string_view>

namespace rowan::v1 {
class Schema;
}

namespace rowan {

// Returns the SHA-256 of the bytes in 64 hexadecimal digits.
std::string ContentHash(std::string_view bytes);

// Returns the bytes of a canonical schema without its version and apply time. The same content always gives the same
// bytes.
std::string CanonicalContent(const v1::Schema& canonical);

// Returns the version of a canonical schema: the first 16 digits of the hash of its content.
std::string SchemaVersion(const v1::Schema& canonical);

}  // namespace rowan
