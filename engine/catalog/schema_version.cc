#include "engine/catalog/schema_version.h"

#include <openssl/evp.h>

#include <array>

#include "absl/strings/escaping.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "rowan/v1/schema.pb.h"

namespace rowan {

std::string ContentHash(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest.data()), size));
}

std::string CanonicalContent(const v1::Schema& canonical) {
  v1::Schema content = canonical;
  content.clear_version();
  content.clear_apply_time();
  for (v1::Model& model : *content.mutable_models()) {
    model.clear_retired_numbers();
    for (v1::Field& field : *model.mutable_fields()) field.clear_number();
    for (v1::Relation& relation : *model.mutable_relations()) relation.clear_number();
  }
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    content.SerializeToCodedStream(&coded);
  }
  return bytes;
}

std::string SchemaVersion(const v1::Schema& canonical) {
  return ContentHash(CanonicalContent(canonical)).substr(0, 16);
}

}  // namespace rowan
