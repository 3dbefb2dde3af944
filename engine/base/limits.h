// What a request may ask for at most. Part of the server's configuration; the proto comments name the errors.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rowan {

struct Limits {
  int64_t default_page = 150;      // rows of a list that says nothing of a limit
  int64_t nested_page = 1000;      // greatest limit of a nested list
  int64_t root_page = 10000;       // greatest limit at the root, and of returned records
  int selection_depth = 10;        // levels of nested selections
  int64_t cursor_page = 1000;      // greatest limit of a page that is read from a cursor or backward; more is cut
  int filter_depth = 16;           // levels of nested filters
  int query_nodes = 1000;          // fields, relations, conditions and orders in one request
  int regex_bytes = 1000;          // length of a regular expression
  int write_depth = 10;            // levels of nested writes
  int mutation_nodes = 100000;     // records and keys in one mutation
  int batch_operations = 1000;     // operations in one batch
  int64_t reply_bytes = 16 << 20;  // size of a unary reply
  int64_t batch_bytes = 64 << 10;  // about how much of a stream is sent at once
  int transaction_attempts = 6;    // the first and 5 retries
  int64_t load_rejects = 10000;    // greatest number of rejects that a load may tolerate
  size_t cached_plans = 2000;      // per schema
};

}  // namespace rowan
