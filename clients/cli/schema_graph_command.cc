#include "clients/cli/commands.h"
#include "clients/cli/output_file.h"
#include "clients/cli/schema_graph.h"
#include "clients/cli/schema_of.h"

namespace rowan::cli {

int RunSchemaGraph(const Options& options, const Channel& channel, Console& console) {
  const std::variant<v1::Schema, int> schema = SchemaOf(options, channel, console);
  if (const int* code = std::get_if<int>(&schema)) return *code;
  const Graph graph = GraphOf(std::get<v1::Schema>(schema));
  return WriteOutput(options, options.schemas.svg ? SvgOf(graph) : MermaidOf(graph), console);
}

}  // namespace rowan::cli
