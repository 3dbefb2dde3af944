// Finds the names that a misspelt one may have meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rowan {

// Returns up to three of `candidates` that are within a third of the name's length in edits (case counts for nothing),
// the nearest first and ties in byte order. Names and candidates are cut to 64 bytes before they are compared.
std::vector<std::string> NearestNames(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace rowan
