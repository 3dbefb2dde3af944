#include "engine/request_identity.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>

#include <memory>

#include "engine/base/errors.h"
#include "engine/catalog/schema_version.h"
#include "engine/types/utf8.h"

namespace rowan {
namespace {

constexpr size_t kLongestRequestId = 200;

// A hash of all of the request but its id, with the maps inside in order.
std::string Fingerprint(const google::protobuf::Message& request) {
  std::unique_ptr<google::protobuf::Message> anonymous(request.New());
  anonymous->CopyFrom(request);
  const google::protobuf::FieldDescriptor* id = request.GetDescriptor()->FindFieldByName("request_id");
  anonymous->GetReflection()->ClearField(anonymous.get(), id);
  std::string bytes = request.GetDescriptor()->full_name() + '\0';
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  anonymous->SerializeToCodedStream(&coded);
  coded.Trim();
  return ContentHash(bytes);
}

}  // namespace

absl::StatusOr<exec::Transaction> DescribeTransaction(const std::string& schema, const std::string& request_id,
                                                      bool dry_run, const google::protobuf::Message& request,
                                                      std::chrono::milliseconds retention, const Call& call) {
  exec::Transaction transaction{.dry_run = dry_run};
  const std::string& id = request_id.empty() ? call.idempotency_key : request_id;
  if (id.empty()) return transaction;
  const Path path("request_id");
  if (dry_run) return errors::ConflictingInput(path, "dry_run", "what is rolled back has no answer to keep");
  if (id.size() > kLongestRequestId) return errors::ValueOutOfRange(path, "a request_id", "it has more than 200 bytes");
  if (!CountCodePoints(id) || id.find('\0') != std::string::npos) {
    return errors::MalformedValue(path, "request_id", "it holds bytes that are no text");
  }
  transaction.identity = {.schema = schema, .request_id = id, .fingerprint = Fingerprint(request), .retention = retention};
  return transaction;
}

}  // namespace rowan
