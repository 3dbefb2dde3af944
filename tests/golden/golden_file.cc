#include "tests/golden/golden_file.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "clients/document/parse_document.h"
#include "clients/document/request.h"
#include "clients/document/schema.h"
#include "engine/base/status_macros.h"

namespace rowan::golden {
namespace {

constexpr std::string_view kCase = "==== ";
constexpr std::string_view kExpected = "----";

std::string ReadText(const std::string& path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string Trim(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.empty() ? text : text + "\n";
}

absl::StatusOr<File> ParseFile(const std::string& path) {
  File file{.path = path};
  std::istringstream lines(ReadText(path));
  std::string* part = nullptr;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("schema: ") && file.cases.empty()) {
      file.schema = line.substr(8);
    } else if (line.starts_with(kCase)) {
      file.cases.push_back({.title = line.substr(kCase.size())});
      part = &file.cases.back().request;
    } else if (line == kExpected && part != nullptr) {
      part = &file.cases.back().expected;
    } else if (part != nullptr) {
      *part += line + "\n";
    } else if (!line.empty()) {
      return absl::InvalidArgumentError(path + ": a line before the first case: " + line);
    }
  }
  for (Case& golden : file.cases) {
    golden.request = Trim(golden.request);
    golden.expected = Trim(golden.expected);
  }
  if (file.schema.empty()) return absl::InvalidArgumentError(path + " does not begin with schema:");
  return file;
}

}  // namespace

absl::StatusOr<std::vector<File>> ReadFiles(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string folder_name = entry.path().parent_path().filename();
    if (entry.path().extension() == ".golden" && folder_name != "schema" && folder_name != "introspect") {
      paths.push_back(entry.path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<File> files;
  for (const std::string& path : paths) {
    ROWAN_ASSIGN_OR_RETURN(File file, ParseFile(path));
    files.push_back(std::move(file));
  }
  return files;
}

void WriteFile(const File& file) {
  std::ofstream stream(file.path);
  stream << "schema: " << file.schema << "\n";
  for (const Case& golden : file.cases) {
    stream << "\n" << kCase << golden.title << "\n" << golden.request << kExpected << "\n" << golden.expected;
  }
}

absl::StatusOr<v1::Schema> ReadSchema(const std::string& folder, const std::string& name) {
  ROWAN_ASSIGN_OR_RETURN(const document::Node node, document::ParseYaml(ReadText(folder + "/" + name + ".yaml")));
  return document::ToSchema(node);
}

}  // namespace rowan::golden
