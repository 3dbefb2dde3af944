#include "clients/cli/server.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <chrono>
#include <string>

#include "absl/strings/match.h"
#include "clients/cli/input.h"
#include "engine/base/status_macros.h"

namespace rowan::cli {
namespace {

// Well above the 16 MiB that a server sends in one message.
constexpr int kLargestReply = 64 << 20;

}  // namespace

bool IsLocal(std::string_view address) {
  for (const char* local : {"127.", "localhost:", "[::1]:", "unix:"}) {
    if (absl::StartsWith(absl::string_view(address.data(), address.size()), local)) return true;
  }
  return address == "localhost";
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const Options& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kLargestReply);
  arguments.SetUserAgentPrefix("rowan/" ROWAN_VERSION);
  // Each channel is a connection of its own.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // A proxy for the outside world cannot reach this machine's loopback.
  if (IsLocal(options.address)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const bool tls = !options.plaintext && (options.tls || !options.ca_file.empty() || !IsLocal(options.address));
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (tls) {
    grpc::SslCredentialsOptions ssl;
    if (!options.ca_file.empty()) {
      ROWAN_ASSIGN_OR_RETURN(ssl.pem_root_certs, ReadFile(options.ca_file));
    }
    credentials = grpc::SslCredentials(ssl);
  }
  return grpc::CreateCustomChannel(options.address, credentials, arguments);
}

CallContext::CallContext(const Options& options, Console& console)
    : interrupt(console.interrupt, [this] { grpc.TryCancel(); }) {
  if (options.timeout > absl::ZeroDuration())
    grpc.set_deadline(std::chrono::system_clock::now() + absl::ToChronoNanoseconds(options.timeout));
  grpc.AddMetadata("x-request-id", options.request_id);
}

}  // namespace rowan::cli
