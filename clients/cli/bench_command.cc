#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/commands.h"
#include "clients/cli/drive_load.h"
#include "clients/cli/input.h"
#include "clients/cli/request_mix.h"
#include "clients/cli/server.h"
#include "clients/cli/table.h"
#include "clients/document/write_document.h"

namespace rowan::cli {
namespace {

constexpr std::pair<const char*, double> kShares[] = {{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}};

double Milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

double PerSecond(int64_t count, const LoadReport& report) {
  return static_cast<double>(count) / report.seconds;
}

Measured All(const LoadReport& report) {
  Measured all;
  for (const Measured& one : report.requests) all.Add(one);
  return all;
}

// How much of its own processor time the client spends on one request, in microseconds.
double ClientCpu(const Measured& all, const LoadReport& report) {
  return 1e6 * report.client_cpu_seconds /
         static_cast<double>(std::max<int64_t>(1, all.latencies.count() + all.failed()));
}

document::Node Figure(double value) {
  return document::Number(absl::StrFormat("%.3f", value));
}

void AddFigures(const Measured& measured, const LoadReport& report, document::Node& node) {
  node.Add("requests", document::Number(measured.latencies.count()));
  node.Add("requests_per_second", Figure(PerSecond(measured.latencies.count(), report)));
  document::Node& latency = node.Add("latency_ms", document::Object());
  latency.Add("mean", Figure(Milliseconds(measured.latencies.Mean())));
  for (const auto& [name, share] : kShares) latency.Add(name, Figure(Milliseconds(measured.latencies.Within(share))));
  latency.Add("max", Figure(Milliseconds(measured.latencies.max())));
  node.Add("bytes", document::Number(measured.bytes));
  node.Add("bytes_per_second", Figure(PerSecond(measured.bytes, report)));
  node.Add("records", document::Number(measured.records));
  node.Add("records_per_second", Figure(PerSecond(measured.records, report)));
  node.Add("failed", document::Number(measured.failed()));
  document::Node& failures = node.Add("failures", document::List());
  for (const auto& [reason, failed] : measured.failures) {
    document::Node& one = failures.items.emplace_back(document::Object());
    one.Add("code", document::Text(failed.first.code));
    if (!failed.first.reason.empty()) one.Add("reason", document::Text(failed.first.reason));
    one.Add("message", document::Text(failed.first.message));
    one.Add("count", document::Number(failed.count));
  }
}

document::Node ToDocument(const Options& options, const std::vector<MixedRequest>& mix, const LoadReport& report) {
  const BenchFlags& flags = options.bench;
  const Measured all = All(report);
  document::Node node = document::Object();
  node.Add("clients", document::Number(flags.clients));
  node.Add("connections", document::Number(flags.connections));
  node.Add("threads", document::Number(flags.threads));
  if (flags.rate > 0) node.Add("rate", Figure(flags.rate));
  node.Add("seconds", Figure(report.seconds));
  node.Add("sent", document::Number(report.sent));
  AddFigures(all, report, node);
  node.Add("client_cpu_us", Figure(ClientCpu(all, report)));
  document::Node& requests = node.Add("by_request", document::List());
  for (size_t i = 0; i < mix.size(); ++i) {
    document::Node& one = requests.items.emplace_back(document::Object());
    one.Add("name", document::Text(mix[i].name));
    AddFigures(report.requests[i], report, one);
  }
  return node;
}

std::vector<std::string> ToRow(const std::string& name, const Measured& measured, const LoadReport& report) {
  std::vector<std::string> row = {Printable(name),
                                  absl::StrFormat("%.1f", PerSecond(measured.latencies.count(), report))};
  for (const auto& [title, share] : kShares)
    row.push_back(absl::StrFormat("%.2f", Milliseconds(measured.latencies.Within(share))));
  row.push_back(absl::StrFormat("%.2f", Milliseconds(measured.latencies.max())));
  row.push_back(absl::StrFormat("%.3f", PerSecond(measured.bytes, report) / 1e6));
  row.push_back(absl::StrCat(measured.failed()));
  return row;
}

void Print(const Options& options, const std::vector<MixedRequest>& mix, const LoadReport& report, Console& console) {
  const BenchFlags& flags = options.bench;
  const Measured all = All(report);
  std::vector<std::vector<std::string>> rows;
  for (size_t i = 0; i < mix.size(); ++i) rows.push_back(ToRow(mix[i].name, report.requests[i], report));
  if (mix.size() > 1) rows.push_back(ToRow("all", all, report));
  const std::vector<Column> columns = {{"request"},      {"requests/s", true}, {"p50 ms", true}, {"p95 ms", true},
                                       {"p99 ms", true}, {"max ms", true},     {"MB/s", true},   {"failed", true}};
  WriteTable(columns, rows, console.color && console.out_is_terminal, console.out);
  for (const auto& [reason, failed] : all.failures) {
    console.out << failed.count << (failed.count == 1 ? " call" : " calls") << " failed with " << Printable(reason)
                << ": " << Printable(failed.first.message) << "\n";
  }
  console.out << absl::StrFormat("%.1f s, %d clients on %d connections", report.seconds, flags.clients,
                                 flags.connections);
  if (flags.rate > 0) console.out << absl::StrFormat(", %.1f requests/s wanted", flags.rate);
  if (all.records > 0) console.out << absl::StrFormat(", %.1f records/s", PerSecond(all.records, report));
  console.out << absl::StrFormat("; the client itself spent %.0f us a request\n", ClientCpu(all, report));
}

}  // namespace

int RunBench(const Options& options, const Channel& channel, Console& console) {
  const absl::StatusOr<document::Node> document = ReadDocument(options, console);
  if (!document.ok()) return Tell(console, FailureOf(document.status()));
  const absl::StatusOr<std::vector<MixedRequest>> mix = ReadMix(options.schema, *document);
  if (!mix.ok()) return Tell(console, FailureOf(mix.status()));
  std::vector<Channel> channels = {channel};
  while (channels.size() < static_cast<size_t>(options.bench.connections)) {
    const absl::StatusOr<Channel> next = OpenChannel(options);
    if (!next.ok()) return Tell(console, FailureOf(next.status()));
    channels.push_back(*next);
  }
  const LoadReport report = DriveLoad(options, *mix, channels, *console.interrupt);
  if (report.refused) return Tell(console, *report.refused);
  if (options.format == Format::kJson) {
    console.out << document::ToJson(ToDocument(options, *mix, report)) << "\n";
  } else {
    Print(options, *mix, report, console);
  }
  if (const int code = Flush(console); code != kExitSuccess) return code;
  return All(report).failures.empty() ? kExitSuccess : kExitFailedCheck;
}

}  // namespace rowan::cli
