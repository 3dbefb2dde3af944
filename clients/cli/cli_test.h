// What the tests of the commands share: a fake server, and a console that keeps what is printed. For tests only.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "clients/cli/fake_server.h"
#include "clients/cli/run.h"

namespace rowan::cli {

class CliTest : public testing::Test {
 protected:
  // Runs a command against the fake server and returns its exit code. Afterwards out() and err() have what it printed.
  int RunRowan(std::vector<std::string> arguments, const std::string& input = "") {
    in_.str(input);
    in_.clear();
    out_.str("");
    err_.str("");
    arguments.insert(arguments.end(), {"--address", server_.address()});
    return cli::Run(arguments, console_);
  }

  std::string out() const { return out_.str(); }
  std::string err() const { return err_.str(); }

  std::istringstream in_;
  std::ostringstream out_, err_;
  Console console_{in_, out_, err_};
  FakeServer server_;
};

}  // namespace rowan::cli
