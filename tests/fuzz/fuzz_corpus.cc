// Runs the fuzzer's entry point over the requests of all golden cases and of the corpus, and over mutations of them, so
// that it is a test wherever there is no libFuzzer. FUZZ_SEED and FUZZ_RUNS change the seed (1) and the number of
// mutated inputs (100000); the seed and the run's number are printed before a crash tells nothing more.
#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/text_format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "engine/base/limits.h"
#include "engine/catalog/compile_catalog.h"
#include "rowan/v1/data_service.pb.h"
#include "tests/golden/golden_file.h"
#include "tests/golden/golden_request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace rowan {
namespace {

int64_t NumberFrom(const char* name, int64_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::atoll(text);
}

int64_t seed = 1;
volatile int64_t run_number = 0;

void Tell(int) {
  char text[96];
  const int length = std::snprintf(text, sizeof(text), "crashed with FUZZ_SEED=%lld in run %lld\n",
                                   static_cast<long long>(seed), static_cast<long long>(run_number));
  if (write(STDERR_FILENO, text, length) < 0) std::_Exit(3);
  std::_Exit(2);
}

// The requests of the golden cases and of the corpus, serialised.
std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  const auto files = golden::ReadFiles(ROWAN_GOLDEN);
  if (!files.ok()) return seeds;
  const Limits limits;
  const TokenKey tokens("fuzz");
  for (const golden::File& file : *files) {
    const auto schema = golden::ReadSchema(ROWAN_GOLDEN "/schemas", file.schema);
    const auto compiled = CompileSchema(*schema);
    for (const golden::Case& one : file.cases) {
      const auto request = golden::ReadRequest(file.schema, one, {*compiled->catalog, limits, tokens});
      if (request.ok()) seeds.push_back(request->SerializeAsString());
    }
  }
  for (const auto& entry : std::filesystem::directory_iterator(ROWAN_FUZZ_CORPUS)) {
    std::ifstream stream(entry.path());
    std::stringstream text;
    text << stream.rdbuf();
    v1::ExplainRequest request;
    if (!google::protobuf::TextFormat::ParseFromString(text.str(), &request)) {
      std::fprintf(stderr, "%s is no ExplainRequest\n", entry.path().c_str());
      std::exit(1);
    }
    seeds.push_back(request.SerializeAsString());
  }
  return seeds;
}

// Bytes of another input in place of some, bytes changed, removed, doubled.
std::string Mutate(std::string input, const std::vector<std::string>& seeds, std::mt19937_64& random) {
  const auto below = [&](size_t bound) { return bound == 0 ? 0 : random() % bound; };
  for (uint64_t changes = 1 + below(4); changes > 0; --changes) {
    const size_t at = below(input.size());
    switch (below(6)) {
      case 0:
        if (!input.empty()) input[at] = static_cast<char>(random());
        break;
      case 1:
        if (!input.empty()) input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
        break;
      case 2:
        input.erase(at, below(8) + 1);
        break;
      case 3:
        input.insert(at, input.substr(at, below(32)));
        break;
      case 4: {
        const std::string& other = seeds[below(seeds.size())];
        const size_t from = below(other.size());
        input.insert(at, other.substr(from, below(64)));
        break;
      }
      case 5: {
        // Protobuf joins what is written one after the other, so this gives two requests in one.
        input += seeds[below(seeds.size())];
        break;
      }
    }
  }
  return input;
}

// Changes one field somewhere in the message: cleared, doubled, or set to what may be special.
void MutateField(google::protobuf::Message& message, std::mt19937_64& random, int depth = 0) {
  using google::protobuf::FieldDescriptor;
  static constexpr const char* kTexts[] = {"", "*", "id", "name", "posts", "role", "\"", "a b", "$1", "%_\\"};
  static constexpr int64_t kNumbers[] = {0, 1, -1, 2, 11, 1000, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> present;
  reflection.ListFields(message, &present);
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  const FieldDescriptor* field = nullptr;
  if (!present.empty() && (depth == 0 || random() % 6 != 0)) {
    field = present[random() % present.size()];
  } else {
    field = type.field(static_cast<int>(random() % type.field_count()));
  }
  if (field->is_map()) return;
  const bool repeated = field->is_repeated();
  const int size = repeated ? reflection.FieldSize(message, field) : 0;
  // The schema's and the model's names, and the request itself, mostly stay: without them nothing else is looked at.
  const bool outermost = depth == 0 || (depth == 1 && field->cpp_type() == FieldDescriptor::CPPTYPE_STRING);
  if (outermost && field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE && random() % 16 != 0) return;
  if (!outermost && random() % 12 == 0) {
    reflection.ClearField(&message, field);
    return;
  }
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    if (depth > 40) return;
    if (!repeated) {
      MutateField(*reflection.MutableMessage(&message, field), random, depth + 1);
    } else if (size == 0 || (size < 8 && random() % 4 == 0)) {
      google::protobuf::Message& added = *reflection.AddMessage(&message, field);
      if (size > 0) added.CopyFrom(reflection.GetRepeatedMessage(message, field, static_cast<int>(random() % size)));
    } else {
      const int index = static_cast<int>(random() % size);
      MutateField(*reflection.MutableRepeatedMessage(&message, field, index), random, depth + 1);
    }
    return;
  }
  const int64_t number = kNumbers[random() % std::size(kNumbers)];
  const std::string text = kTexts[random() % std::size(kTexts)];
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      repeated ? reflection.AddString(&message, field, text) : reflection.SetString(&message, field, text);
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      if (!repeated) reflection.SetInt64(&message, field, number);
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      if (!repeated) reflection.SetInt32(&message, field, static_cast<int32_t>(number));
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      if (!repeated) reflection.SetBool(&message, field, random() % 2 == 0);
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      if (!repeated) reflection.SetEnumValue(&message, field, static_cast<int>(random() % 24) - 1);
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      if (!repeated) reflection.SetDouble(&message, field, static_cast<double>(number) / 3);
      break;
    default:
      break;
  }
}

int Main() {
  // Texts that are not UTF-8 are refused by protobuf, which would say so each time.
  google::protobuf::SetLogHandler(nullptr);
  const std::vector<std::string> seeds = Seeds();
  if (seeds.size() < 200) {
    std::fprintf(stderr, "only %zu seeds\n", seeds.size());
    return 1;
  }
  seed = NumberFrom("FUZZ_SEED", 1);
  const int64_t runs = NumberFrom("FUZZ_RUNS", 100000);
  std::signal(SIGABRT, Tell);
  std::signal(SIGSEGV, Tell);
  const auto run = [](const std::string& input) {
    run_number = run_number + 1;
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
  };
  for (const std::string& input : seeds) run(input);
  std::mt19937_64 random(static_cast<uint64_t>(seed));
  for (int64_t i = 0; i < runs; ++i) {
    std::string input = seeds[random() % seeds.size()];
    v1::ExplainRequest request;
    if (i % 4 != 0 && request.ParseFromString(input)) {
      for (uint64_t changes = 1 + random() % 6; changes > 0; --changes) MutateField(request, random);
      input = request.SerializeAsString();
    } else {
      input = Mutate(std::move(input), seeds, random);
    }
    run(input);
  }
  std::printf("%zu seeds, %lld mutated inputs\n", seeds.size(), static_cast<long long>(runs));
  return 0;
}

}  // namespace
}  // namespace rowan

int main() {
  return rowan::Main();
}
