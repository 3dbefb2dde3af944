// Hands errors to the caller in one line; abseil 20220623 has no such macros.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the function when `expression`, an absl::Status, is not OK.
#define ROWAN_RETURN_IF_ERROR(expression)                                   \
  do {                                                                      \
    if (absl::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

#define ROWAN_CONCAT_INNER(a, b) a##b
#define ROWAN_CONCAT(a, b) ROWAN_CONCAT_INNER(a, b)
#define ROWAN_ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                         \
  if (!result.ok()) return std::move(result).status();                \
  declaration = *std::move(result)

// Declares or assigns the value of `expression`, an absl::StatusOr, or returns its error from the function.
#define ROWAN_ASSIGN_OR_RETURN(declaration, expression) \
  ROWAN_ASSIGN_OR_RETURN_INNER(ROWAN_CONCAT(status_or_, __LINE__), declaration, expression)
