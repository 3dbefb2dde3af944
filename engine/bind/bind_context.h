// What binding a request needs beside the request. Refers to things that outlive the call.
#pragma once

#include "engine/base/limits.h"
#include "engine/base/token.h"
#include "engine/catalog/catalog.h"

namespace rowan {

struct BindContext {
  const Catalog& catalog;
  const Limits& limits;
  const TokenKey& tokens;  // opens cursors and resume tokens
};

}  // namespace rowan
