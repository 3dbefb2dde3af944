// Puts a load on the hand-written service of rivals/grpc_service.mjs, by what `rowan bench` puts it on rowand.
//
//   bench_drive_blog ADDRESS WORKLOAD USERS CLIENTS SECONDS     prints {"per_second": 1234.5, "p50_ms": 1.2,
//   "p99_ms": 3.4, "failed": 0}
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>

#include "clients/cli/drive_load.h"
#include "tests/bench/rivals/blog.pb.h"

namespace {

using rowan::cli::MixedRequest;

// So many requests with other values are sent by turns.
constexpr int kVariants = 256;

template <typename Response>
MixedRequest Request(const std::string& method, const google::protobuf::Message& request) {
  return {.name = method,
          .method = "/rowan_bench.Blog/" + method,
          .request = *rowan::cli::RequestTemplate::Make(request, {}),
          .response = &Response::default_instance()};
}

MixedRequest Draw(const std::string& workload, int users, std::mt19937_64& random) {
  const auto between = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  rowan_bench::Key key;
  if (workload == "nested_read") {
    key.set_id(between(1, users));
    return Request<rowan_bench::User>("NestedRead", key);
  }
  if (workload == "page_of_20") {
    key.set_id(between(1, users - 40));
    return Request<rowan_bench::Users>("PageOf20", key);
  }
  rowan_bench::NewUser user;
  user.set_role(between(1, 10));
  for (int i = 0; i < 2; ++i) {
    rowan_bench::NewPost& post = *user.add_posts();
    post.set_title(i == 0 ? "the first post" : "the second post");
    for (int j = 0; j < 2; ++j) post.add_tags(between(1 + 250 * (2 * i + j), 250 * (2 * i + j + 1)));
  }
  return Request<rowan_bench::Key>("NestedInsert", user);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: bench_drive_blog ADDRESS WORKLOAD USERS CLIENTS SECONDS\n");
    return 2;
  }
  rowan::cli::Options options;
  options.address = argv[1];
  options.timeout = absl::Seconds(30);
  options.bench.clients = std::atoi(argv[4]);
  options.bench.duration = absl::Seconds(std::atof(argv[5]));
  options.bench.warm_up = absl::Milliseconds(300);
  options.bench.decode = true;
  std::mt19937_64 random(1);
  std::vector<MixedRequest> mix;
  for (int i = 0; i < kVariants; ++i) mix.push_back(Draw(argv[2], std::atoi(argv[3]), random));
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < 4; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channels.push_back(grpc::CreateCustomChannel(options.address, grpc::InsecureChannelCredentials(), arguments));
  }
  const rowan::cli::LoadReport report = rowan::cli::DriveLoad(options, mix, channels, rowan::Cancellation());
  if (report.refused) {
    std::fprintf(stderr, "%s\n", report.refused->message.c_str());
    return 1;
  }
  rowan::cli::Measured all;
  for (const rowan::cli::Measured& one : report.requests) all.Add(one);
  const auto milliseconds = [&](double share) {
    return std::chrono::duration<double, std::milli>(all.latencies.Within(share)).count();
  };
  std::printf("{\"per_second\": %.1f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"failed\": %lld}\n",
              static_cast<double>(all.latencies.count()) / report.seconds, milliseconds(0.5), milliseconds(0.99),
              static_cast<long long>(all.failed()));
  return 0;
}
